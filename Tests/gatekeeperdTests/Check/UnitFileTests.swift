import Foundation
import Testing

@testable import gatekeeperd

@Suite("What a unit says")
struct UnitFileTests {
    @Test("comments, sections, continued lines, lists and what empties them are read as systemd has them")
    func syntax() {
        var unit = UnitFile()
        unit.read(
            """
            # User=comment
            [Unit]
            User=other
            [Service]
            User = gatekeeper
            Environment="A=b c" D=e \\
              # between
              'F=g h'
            AmbientCapabilities=CAP_NET_ADMIN
            """)
        unit.read("[Service]\nAmbientCapabilities=\nAmbientCapabilities=CAP_NET_BIND_SERVICE CAP_KILL\n; no\nPrivateTmp=yes\n")
        #expect(unit.value("User") == "gatekeeper")
        #expect(unit.words("Environment") == ["A=b c", "D=e", "F=g h"])
        #expect(unit.settings["AmbientCapabilities"] == ["CAP_NET_BIND_SERVICE CAP_KILL"])
        #expect(unit.isOn("PrivateTmp") && !unit.isOn("ProtectHome"))
    }

    @Test("drop-ins come in the order of their names, and of one name the first folder's counts")
    func dropIns() throws {
        let folder = try ScratchFolder()
        func write(_ text: String, _ path: String) throws {
            let url = URL(fileURLWithPath: folder.file(path))
            try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("[Service]\n\(text)\n".utf8).write(to: url)
        }
        #expect(UnitFile.installed(root: folder.path) == nil)
        try write("User=a\nGroup=a", "usr/lib/systemd/system/gatekeeperd.service")
        try write("User=late", "usr/lib/systemd/system/gatekeeperd.service.d/90-late.conf")
        try write("User=hidden", "usr/lib/systemd/system/gatekeeperd.service.d/10-same.conf")
        try write("Group=early", "etc/systemd/system/gatekeeperd.service.d/10-same.conf")
        try write("Group=unread", "etc/systemd/system/gatekeeperd.service.d/99.txt")
        let unit = try #require(UnitFile.installed(root: folder.path))
        #expect(unit.value("User") == "late" && unit.value("Group") == "early")
        #expect(unit.paths.map { $0.split(separator: "/").last } == ["gatekeeperd.service", "10-same.conf", "90-late.conf"])
    }

    @Test("capabilities are named as units name them, and ~ means all others")
    func capabilities() {
        #expect(CapabilityName.mask(["CAP_NET_BIND_SERVICE CAP_NET_ADMIN"]) == 1 << 10 | 1 << 12)
        #expect(CapabilityName.mask(["cap_chown", "CAP_KILL nonsense"]) == 1 | 1 << 5)
        #expect(CapabilityName.mask(["~CAP_CHOWN"]) == CapabilityName.every & ~1)
        #expect(CapabilityName.text(1 << 10) == "cap_net_bind_service")
        #expect(CapabilityName.text(0) == "no capabilities")
        #expect(CapabilityName.text(.max) == "all capabilities")
    }

    @Test("a file of variables is read as systemd reads it")
    func environmentFile() {
        let text = "# no\n; no\nA=1\n  B=\"x \\\"y\\\" \\n\"\nC='a \\ b'\nnonsense\nD=one \\\ntwo\nE=\n"
        let variables = EnvironmentFile.variables(in: text)
        #expect(variables.map(\.name) == ["A", "B", "C", "D", "E"])
        #expect(variables.map(\.value) == ["1", "x \"y\" \\n", "a \\ b", "one two", ""])
    }

    @Test("the unit that is packaged gives its user, one capability and its folders, and hides homes")
    func packaged() throws {
        var unit = UnitFile()
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../../packaging/systemd/gatekeeperd.service"
        unit.read(try String(contentsOfFile: path, encoding: .utf8))
        let identity = try ServiceIdentity(unit, user: "nobody")
        #expect(identity.capabilities == 1 << 10)
        #expect(identity.madeFolders == ["/run/gatekeeper", "/var/lib/gatekeeper", "/var/log/gatekeeper"])
        #expect(identity.environment.contains("STATE_DIRECTORY=/var/lib/gatekeeper"))
        #expect(identity.obstacle(toReading: "/root/key.pem")?.contains("ProtectHome=yes") == true)
        #expect(identity.obstacle(toReading: "/tmp/key.pem")?.contains("PrivateTmp=yes") == true)
        #expect(identity.obstacle(toReading: "/etc/gatekeeper/key.pem") == nil)
        #expect(identity.obstacle(toWriting: "/var/log/gatekeeper/x.log") == nil)
        #expect(identity.obstacle(toWriting: "/var/tmp", isTemporary: true) == nil)
        for path in ["/var/tmp/state", "/tmp/x.sock"] { #expect(identity.obstacle(toWriting: path)?.contains("PrivateTmp=yes") == true) }
        var open = UnitFile()
        open.read("[Service]\nProtectSystem=strict\n")
        let shown = try ServiceIdentity(open, user: "nobody")
        #expect(shown.obstacle(toWriting: "/var/tmp", isTemporary: true)?.contains("ProtectSystem=strict") == true)
        #expect(identity.obstacle(toWriting: "/var/log/x.log")?.contains("ProtectSystem=strict") == true)
        #expect(ServiceIdentity(identity.json)?.json.text == identity.json.text)
        #expect(throws: ValueMistake.self) { try ServiceIdentity(unit, user: "nobody-at-all") }
        if AccountDatabase.user("gatekeeper") == nil { #expect(throws: ValueMistake.self) { try ServiceIdentity(unit) } }
    }

    @Test("the lines of a file of variables that isn't there are told without a word of what they would hold")
    func missingEnvironmentFile() throws {
        let folder = try ScratchFolder(["env": "TOKEN=hunter2\n"])
        var unit = UnitFile()
        unit.read(
            "[Service]\nUser=nobody\nEnvironmentFile=\(folder.file("env"))\nEnvironmentFile=-/none/optional\nEnvironmentFile=/none/needed\n"
        )
        let identity = try ServiceIdentity(unit)
        #expect(identity.environment.contains("TOKEN=hunter2"))
        #expect(identity.doubts.isEmpty)
        #expect(
            identity.obstacles == [
                "EnvironmentFile=/none/needed cannot be read: No such file or directory, and the service can't start without it"
            ])
        #expect(!identity.json.text.contains("hunter2"))
        // systemd doesn't start a service without it, so that nothing is fine.
        var report = CheckReport()
        report.take(Onlooker(text: "nobody", identity: ServiceIdentity(identity.json)))
        #expect(report.errorCount == 1 && !report.isFine)
    }

    @Test("of several variables of one name the last counts, and files come behind what the unit itself says")
    func order() throws {
        let folder = try ScratchFolder(["a.env": "F=file\nH=a\n", "b.env": "H=b\n"])
        var unit = UnitFile()
        unit.read("[Service]\nUser=nobody\nEnvironment=H=unit F=unit D=unit HOME=/h\nEnvironmentFile=\(folder.path)/*.env\n")
        unit.read("[Service]\nEnvironment=D=dropin\nEnvironmentFile=-/none/*.env\nEnvironmentFile=/etc/%N.env\n")
        let identity = try ServiceIdentity(unit)
        #expect(
            identity.environment.filter { ["H", "F", "D", "HOME"].contains($0.prefix { $0 != "=" }) }.sorted() == [
                "D=dropin", "F=file", "H=b", "HOME=/h",
            ])
        #expect(identity.obstacles.isEmpty && identity.doubts.count == 1)
        #expect(Environment.settled(["A=1", "B=2", "A=3=4"]) == ["A=3=4", "B=2"])
    }

    @Test("what the unit hides is no place for a socket, the control socket or the state, though anybody else could use it")
    func hiddenPlaces() throws {
        var unit = UnitFile()
        unit.read("[Service]\nUser=nobody\nPrivateTmp=yes\n")
        let onlooker = Onlooker(text: "nobody", identity: try ServiceIdentity(unit))
        let yaml = minimal("state: /var/tmp/x\ncontrol: /tmp/x.sock").replacing("http://127.0.0.1:8080", with: "unix:/tmp/app.sock")
        let report = Check.run(try load(yaml), file: nil, by: onlooker, at: .now())
        for key in ["upstream.url", "control", "state"] {
            #expect(
                report.findings.contains { $0.message.hasPrefix("\(key): ") && $0.message.contains("PrivateTmp=yes") },
                "\(key): \(report.lines)")
        }
        #expect(!report.findings.contains { $0.message.contains("spool") })
    }

    @Test("TimeoutSec= is TimeoutStopSec= as well")
    func timeout() {
        var unit = UnitFile()
        unit.read("[Service]\nTimeoutStopSec=9\nTimeoutSec=20\n")
        #expect(unit.value("TimeoutStopSec") == "20")
    }
}
