import Foundation

/// A network of a daemon's own, apart from everything else: what it is started in, and commands that run in it.
struct NetworkNamespace {
    /// By root alone, or by anybody who is root in a namespace of users as well.
    private static let userFlags = geteuid() == 0 ? [] : ["--user", "--map-root-user"]

    /// What becomes the daemon, after these lines of sh(1) with loopback up.
    static func launcher(_ setup: String...) -> [String] {
        let lines = ["set -e", "ip link set lo up"] + setup + ["exec \"$0\" \"$@\""]
        return ["unshare", "--net"] + userFlags + ["sh", "-c", lines.joined(separator: "\n")]
    }

    private let process: pid_t

    init(of daemon: Daemon) {
        process = daemon.process.id
    }

    /// Runs a program in it to its end.
    @discardableResult
    func run(_ command: String...) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
        let folder = try TemporaryFolder()
        let user = Self.userFlags.isEmpty ? [] : ["--user", "--preserve-credentials"]
        let child = try ChildProcess(
            "nsenter", ["--target", "\(process)", "--net"] + user + command, output: OpenFile(creating: folder.file("out")),
            errors: OpenFile(creating: folder.file("err")))
        let ending = try child.waitForEnd()
        let said = try ["out", "err"].map { try String(contentsOfFile: folder.file($0), encoding: .utf8) }
        return (ending, said[0], said[1])
    }

    /// The status of curl's answer, or nil with its exit code: 7 is refused, 28 out of time.
    func curl(_ url: String, _ more: String...) throws -> (status: Int?, exitCode: Int32) {
        let folder = try TemporaryFolder()
        let user = Self.userFlags.isEmpty ? [] : ["--user", "--preserve-credentials"]
        let child = try ChildProcess(
            "nsenter",
            ["--target", "\(process)", "--net"] + user + [
                "curl", "-q", "-sk", "--max-time", "20", "-o", "/dev/null", "-w", "%{response_code}",
            ]
                + more + [url], output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("err")))
        guard case .exited(let code) = try child.waitForEnd() else { throw Failure("curl was killed") }
        let text = try String(contentsOfFile: folder.file("out"), encoding: .utf8)
        return (Int(text).flatMap { $0 == 0 ? nil : $0 }, code)
    }
}
