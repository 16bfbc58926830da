import Foundation

/// One handshake of the real openssl(1) `s_client`.
enum OpenSSLClient {
    /// Connects from 127.0.0.2, sends nothing, and returns all that it says.
    static func run(port: UInt16, _ arguments: [String]) throws -> String {
        let folder = try TemporaryFolder()
        let process = try ChildProcess(
            "openssl", ["s_client", "-connect", "127.0.0.1:\(port)", "-bind", "127.0.0.2:0"] + arguments,
            output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("err")))
        _ = try process.waitForEnd()
        return try ["out", "err"].map { try String(contentsOfFile: folder.file($0), encoding: .utf8) }.joined()
    }
}
