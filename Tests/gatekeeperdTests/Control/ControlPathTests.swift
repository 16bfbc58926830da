import Testing

@testable import gatekeeperd

struct ControlPathTests {
    @Test("systemd's folder comes first, the usual one else")
    func standard() {
        #expect(StandardPath.controlSocket { _ in nil } == "/run/gatekeeper/control.sock")
        #expect(StandardPath.controlSocket { $0 == "RUNTIME_DIRECTORY" ? "/run/gk:/run/other" : nil } == "/run/gk/control.sock")
    }

    @Test("a file's word counts, relative to the file, with variables")
    func configured() throws {
        let folder = try ScratchFolder([
            "a.yaml": "control: sub/c.sock\n", "b.yaml": "control: ${DIR}/c.sock\n", "c.yaml": "listen: [443]\n",
        ])
        let environment = { (name: String) -> String? in name == "DIR" ? "/run/x" : nil }
        #expect(try ControlPath.configured(in: folder.file("a.yaml"), environment: environment) == folder.file("sub/c.sock"))
        #expect(try ControlPath.configured(in: folder.file("b.yaml"), environment: environment) == "/run/x/c.sock")
        #expect(try ControlPath.configured(in: folder.file("c.yaml"), environment: environment) == "/run/gatekeeper/control.sock")
    }

    @Test("mistakes elsewhere in the file don't keep an admin from the service")
    func mistakesElsewhere() throws {
        let folder = try ScratchFolder(["a.yaml": "lissen: [443]\nallow: 17\ncontrol: /run/c.sock\n"])
        #expect(try ControlPath.configured(in: folder.file("a.yaml")) == "/run/c.sock")
    }

    @Test("a value that is no path, a file that is no YAML and one that isn't there are named", arguments: ["list", "yaml", "none", "env"])
    func mistakes(name: String) throws {
        let folder = try ScratchFolder([
            "list": "control: [a]\n", "yaml": "control: \"\n", "env": "control: ${GATEKEEPER_SURELY_UNSET}/c.sock\n",
        ])
        #expect { try ControlPath.configured(in: folder.file(name)) } throws: { error in
            guard let failure = error as? ControlFailure else { return false }
            return failure.exitStatus == 2 && failure.message.contains(folder.file(name))
        }
    }
}
