import CLinux
import Foundation
import Testing

/// Linux's `F_SETPIPE_SZ`, which the Glibc module leaves out (fcntl(2)).
private let setPipeSize: Int32 = 1031

/// The real binary in front of an upstream, from its `started` line to its end.
///
/// It listens on a port of its own choosing and is ended by process id at the latest when this is released.
final class Daemon: Sendable {
    /// Where the binary is: `GATEKEEPERD`, else the release build of this package.
    static let binary =
        ProcessInfo.processInfo.environment["GATEKEEPERD"]
        ?? packageRoot.appendingPathComponent(".build/release/gatekeeperd").path

    static let packageRoot = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    let process: ChildProcess
    let log: LogCollector
    /// Of the first listener.
    let port: UInt16
    let started: LogLine
    private let wasKilled = Guarded(false)
    private let folder: TemporaryFolder
    /// Its configuration file, where it has one.
    var configuration: String { configurationFolder.file("gatekeeper.yaml") }
    private let configurationFolder: TemporaryFolder

    /// With flags alone, as the shortest way to run it.
    ///
    convenience init(
        upstream: String, listen: String = "127.0.0.1:0", allow: [String] = ["127.0.0.2", "127.0.0.3"],
        certificate: Certificates.Kind = .ecdsa
    ) throws {
        let leaf = try Certificates.shared().leaf(certificate)
        let flags = ["--listen", listen, "--certificate", leaf.certificate, "--key", leaf.key] + allow.flatMap { ["--allow", $0] }
        try self.init(arguments: ["run"] + flags + ["--upstream", upstream], in: TemporaryFolder())
    }

    /// In front of several upstreams.
    convenience init(upstreams: [String], settings: String, upstreamLines: [String]) throws {
        let urls = "urls: [" + upstreams.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
        try self.init(upstream: nil, settings: settings, upstreamLines: [urls] + upstreamLines)
    }

    /// With a YAML file: the keys that every configuration needs, then `settings`, top-level keys as they stand in a file.
    ///
    /// - Parameters:
    ///   - listenSettings: a line under the listener.
    ///   - certificates: in place of the common one.
    ///   - tlsSettings: a line under `tls:`.
    ///   - upstreamSettings: a line under `upstream:`; `upstreamLines` are several.
    ///   - descriptorsMax: the process's RLIMIT_NOFILE.
    ///   - pipeBytes: the capacity of the pipe that its log goes through.
    ///   - launcher: a program, with its first arguments, that becomes the daemon.
    ///   - input: its standard input.
    convenience init(
        upstream: String?, listen: String = "127.0.0.1:0", allow: [String] = ["127.0.0.2", "127.0.0.3"],
        listenSettings: String = "", certificate: Certificates.Kind = .ecdsa, certificates: [Certificates.Leaf] = [],
        tlsSettings: String = "", upstreamSettings: String = "", settings: String,
        upstreamLines: [String] = [], descriptorsMax: Int? = nil, pipeBytes: Int32? = nil, launcher: [String] = [],
        input: OpenFile? = nil, environment: [String: String] = [:]
    ) throws {
        let folder = try TemporaryFolder()
        let leaf = try Certificates.shared().leaf(certificate)
        let shown =
            certificates.isEmpty
            ? ["certificate: \(leaf.certificate)", "key: \(leaf.key)"]
            : ["certificates:"] + certificates.map { "- {certificate: \($0.certificate), key: \($0.key)}" }
        let file = try folder.write(
            """
            listen:
              - address: "\(listen)"
                \(listenSettings)
            tls:
              \(shown.joined(separator: "\n  "))
              \(tlsSettings)
            allow:
            \(allow.map { "  - \"\($0)\"" }.joined(separator: "\n"))
            upstream:
              \(((upstream.map { ["url: \($0)"] } ?? []) + upstreamLines + [upstreamSettings]).joined(separator: "\n  "))
            \(settings)

            """, to: "gatekeeper.yaml")
        try self.init(
            arguments: ["run", "--config", file], in: folder, descriptorsMax: descriptorsMax, pipeBytes: pipeBytes, launcher: launcher,
            input: input, environment: environment)
    }

    /// With the configuration file of another one, which has ended.
    convenience init(restarting other: Daemon) throws {
        try self.init(arguments: ["run", "--config", other.configuration], in: TemporaryFolder(), configuredIn: other.configurationFolder)
    }

    /// With the `gatekeeper.yaml` that is in this folder.
    convenience init(configuredIn folder: TemporaryFolder, launcher: [String] = []) throws {
        try self.init(arguments: ["run", "--config", folder.file("gatekeeper.yaml")], in: folder, launcher: launcher)
    }

    private init(
        arguments: [String], in folder: TemporaryFolder, configuredIn other: TemporaryFolder? = nil, descriptorsMax: Int? = nil,
        pipeBytes: Int32? = nil, launcher: [String] = [], input: OpenFile? = nil, environment: [String: String] = [:]
    ) throws {
        self.folder = folder
        configurationFolder = other ?? folder
        guard FileManager.default.isExecutableFile(atPath: Self.binary) else {
            throw Failure("\(Self.binary) isn't there: swift build -c release, or set GATEKEEPERD")
        }
        // A pipe with a name, because only `open` makes close-on-exec ends in one step here. The reading end is opened first, without
        // waiting for a writer, and then reads as any other.
        guard unsafe mkfifo(folder.file("log"), 0o600) == 0 else { throw Failure("mkfifo: error \(errno)") }
        let reading = try OpenFile(folder.file("log"), O_RDONLY | O_NONBLOCK)
        let writing = try OpenFile(folder.file("log"), O_WRONLY)
        _ = fcntl(reading.descriptor, F_SETFL, 0)
        if let pipeBytes { _ = fcntl(writing.descriptor, setPipeSize, pipeBytes) }
        let limit = descriptorsMax.map { ["sh", "-c", "ulimit -n \($0); exec \"$0\" \"$@\""] } ?? []
        let command = limit + launcher + [Self.binary] + arguments
        log = LogCollector(reading: reading)
        process = try ChildProcess(
            command[0], Array(command.dropFirst()), input: input, output: writing, errors: OpenFile(creating: folder.file("stderr")),
            environment: environment)
        guard let line = log.first(seconds: 60, where: { $0.event == "started" }) else {
            let said = (try? String(contentsOfFile: folder.file("stderr"), encoding: .utf8)) ?? ""
            throw Failure("the daemon did not start: \(said)")
        }
        started = line
        guard let port = Self.ports(in: line).first else { throw Failure("no port in \(line)") }
        self.port = port
        try waitForControlSocket()
    }

    /// It comes after the `started` line.
    private func waitForControlSocket() throws {
        guard let text = try? String(contentsOfFile: configuration, encoding: .utf8) else { return }
        for line in text.split(separator: "\n") where line.hasPrefix("control: ") {
            let path = String(line.dropFirst("control: ".count))
            // A file may be left of a former process.
            guard eventually({ (try? Self.run(["status", "--control", path]).ending) == .exited(0) }) else {
                throw Failure("nobody answers on \(path)")
            }
        }
    }

    /// A daemon that died of a signal fails the test, whatever else the test looked at.
    deinit {
        if case .killed(let signal)? = process.end, !wasKilled.value {
            Issue.record("the daemon died of signal \(signal): \(diagnostics.suffix(4000))")
        }
    }

    /// The public URL, as clients write it.
    var url: String { "https://127.0.0.1:\(port)" }

    var facts: ProcessFacts { ProcessFacts(id: process.id) }

    /// Puts another text in place of one in the configuration file, without a word to the daemon.
    func rewriteConfiguration(_ old: String, _ new: String) throws {
        let text = try String(contentsOfFile: configuration, encoding: .utf8)
        guard text.contains(old) else { throw Failure("no \(old) in:\n\(text)") }
        try text.replacingOccurrences(of: old, with: new).write(toFile: configuration, atomically: true, encoding: .utf8)
    }

    /// Has it read its configuration again, and returns the line that says what came of it.
    @discardableResult
    func reload() throws -> LogLine {
        func isOutcome(_ line: LogLine) -> Bool { line.event == "reloaded" || line.event == "reload_failed" }
        let before = log.all.count(where: isOutcome)
        process.signal(SIGHUP)
        guard log.wait(seconds: 30, until: { $0.count(where: isOutcome) > before }) else { throw Failure("no answer to SIGHUP") }
        return log.all.filter(isOutcome)[before]
    }

    /// What it wrote to stderr so far.
    var diagnostics: String { (try? String(contentsOfFile: folder.file("stderr"), encoding: .utf8)) ?? "" }

    /// The first line, past or to come, that satisfies `isWanted`; throws with the log if it doesn't come in time.
    @discardableResult
    func waitForLine(seconds: Double = 30, where isWanted: (LogLine) -> Bool) throws -> LogLine {
        if let line = log.first(seconds: seconds, where: isWanted) { return line }
        throw Failure("no such line in the log:\n" + log.all.suffix(20).map(\.text).joined(separator: "\n") + "\n" + diagnostics)
    }

    @discardableResult
    func waitForLine(event: String, seconds: Double = 30) throws -> LogLine {
        try waitForLine(seconds: seconds) { $0.event == event }
    }

    /// The lines of one event so far.
    func lines(_ event: String) -> [LogLine] { log.all.filter { $0.event == event } }

    /// SIGTERM, then its end; every line is in the log afterwards.
    @discardableResult
    func terminate(seconds: Double = 60) throws -> ChildProcess.Ending {
        process.signal(SIGTERM)
        let ending = try process.waitForEnd(seconds: seconds)
        guard log.waitForEnd(seconds: 10) else { throw Failure("the log stays open after the daemon's end") }
        return ending
    }

    /// From now on no file of its may grow beyond this; another call may say otherwise.
    func limitFiles(toBytes bytes: UInt) throws {
        let log = try OpenFile(creating: folder.file("prlimit"))
        let setting = try ChildProcess("prlimit", ["--pid", "\(process.id)", "--fsize=\(bytes):"], output: log, errors: log)
        guard try setting.waitForEnd() == .exited(0) else { throw Failure("prlimit failed") }
    }

    /// SIGKILL, which is no failure then.
    func kill() {
        wasKilled.change { $0 = true }
        process.signal(SIGKILL)
    }

    /// Runs the binary to its own end: for what never starts serving.
    static func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (ending: ChildProcess.Ending, output: String, errors: String) {
        let folder = try TemporaryFolder()
        let process = try ChildProcess(
            binary, arguments, output: OpenFile(creating: folder.file("out")),
            errors: OpenFile(creating: folder.file("err")), environment: environment)
        let ending = try process.waitForEnd()
        let said = try ["out", "err"].map { try String(contentsOfFile: folder.file($0), encoding: .utf8) }
        return (ending, said[0], said[1])
    }

    /// The ports that a `started` line names, in the order of the listeners.
    private static func ports(in line: LogLine) -> [UInt16] {
        (line["listeners"] ?? "").split(separator: " ").compactMap { $0.split(separator: ":").last.flatMap { UInt16($0) } }
    }
}
