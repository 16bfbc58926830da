import Foundation

/// One run of the real curl.
struct Curl {
    let exitCode: Int32
    let output: [UInt8]
    let errors: String
    /// What curl says about each transfer (`-w '%{json}'`), in order.
    let transfers: [JSONValue]

    var text: String { String(decoding: output, as: UTF8.self) }
    var json: JSONValue { get throws { try JSONValue(parsing: output) } }

    /// Of the last transfer; 0 if there was no response.
    var status: Int { Int(transfers.last?["response_code"]?.number ?? 0) }

    /// Runs curl from `source`, trusting the tests' authority only.
    ///
    /// - Parameter input: a file for its standard input.
    init(_ arguments: [String], from source: String? = "127.0.0.2", input: String? = nil) throws {
        let folder = try TemporaryFolder()
        let (output, errors) = (folder.file("out"), folder.file("err"))
        var all = ["-q", "-sS", "--max-time", "120", "--cacert", try Certificates.shared().authority, "-w", "%{stderr}%{json}\n"]
        if let source { all += ["--interface", source] }
        let process = try ChildProcess(
            "curl", all + arguments, input: input.map { try OpenFile(reading: $0) },
            output: OpenFile(creating: output), errors: OpenFile(creating: errors))
        guard case .exited(let code) = try process.waitForEnd(seconds: 150) else { throw Failure("curl was killed") }
        exitCode = code
        self.output = Array(try Data(contentsOf: URL(fileURLWithPath: output)))
        let lines = try String(contentsOfFile: errors, encoding: .utf8).split(separator: "\n")
        transfers = lines.filter { $0.hasPrefix("{") }.compactMap { try? JSONValue(parsing: $0.utf8) }
        self.errors = lines.filter { !$0.hasPrefix("{") }.joined(separator: "\n")
    }

    /// How a try ends: 0 with an answer. A second of patience is enough to see that nobody answers.
    static func exitCode(of url: String, from source: String, patience seconds: Int = 60) throws -> Int32 {
        try Curl(["--connect-timeout", "\(seconds)", url], from: source).exitCode
    }
}
