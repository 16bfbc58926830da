import Foundation
import Testing

/// The systemd unit as it is shipped, and what systemd's own tools say about it.
struct ServiceUnit {
    static let folder = Daemon.packageRoot.appendingPathComponent("packaging/systemd").path
    static let service = folder + "/gatekeeperd.service"

    /// Runs a program as the service is confined (`confine` tells how far).
    static let launcher = [
        "python3", Daemon.packageRoot.appendingPathComponent("Tests/gatekeeperdTests/Harness/confine").path, service,
    ]

    /// A copy of the units in a folder of its own, with the binary of this build in place of the installed one.
    let copy: TemporaryFolder

    /// - Parameters:
    ///   - isFiltering: with the drop-in for `on_deny: drop`.
    ///   - extra: lines at the end of the service's section.
    init(isFiltering: Bool = false, extra: String = "") throws {
        copy = try TemporaryFolder()
        for name in ["gatekeeperd.service", "gatekeeperd.socket"] {
            let text = try String(contentsOfFile: Self.folder + "/" + name, encoding: .utf8)
                .replacingOccurrences(of: "/usr/bin/gatekeeperd", with: Daemon.binary)
                .replacingOccurrences(of: "[Install]\nWantedBy=multi-user.target", with: "\(extra)\n[Install]\nWantedBy=multi-user.target")
            try copy.write(text, to: name)
        }
        guard isFiltering else { return }
        try FileManager.default.copyItem(
            atPath: Self.folder + "/gatekeeperd.service.d", toPath: copy.file("gatekeeperd.service.d"))
    }

    /// The overall exposure by `systemd-analyze security`, 0 to 10, in tenths.
    func exposureTenths() throws -> Int {
        let run = try Self.analyze("security", "--offline=true", "--no-pager", copy.file("gatekeeperd.service"))
        guard let match = run.output.firstMatch(of: #/Overall exposure level for gatekeeperd.service: (\d+)\.(\d)/#),
            let whole = Int(match.1), let tenth = Int(match.2)
        else { throw Failure("no exposure in: \(run.output) \(run.errors)") }
        return whole * 10 + tenth
    }

    /// What `systemd-analyze verify` says about our units; it looks at those they depend on as well.
    func complaints() throws -> [String] {
        let run = try Self.analyze("verify", "--man=no", copy.file("gatekeeperd.service"), copy.file("gatekeeperd.socket"))
        return run.errors.split(separator: "\n").map(String.init).filter { $0.contains("gatekeeperd") || $0.contains(copy.path) }
    }

    private static func analyze(_ arguments: String...) throws -> (output: String, errors: String) {
        let folder = try TemporaryFolder()
        let process = try ChildProcess(
            "systemd-analyze", arguments, output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("err")))
        _ = try process.waitForEnd()
        return try (
            String(contentsOfFile: folder.file("out"), encoding: .utf8), String(contentsOfFile: folder.file("err"), encoding: .utf8)
        )
    }
}
