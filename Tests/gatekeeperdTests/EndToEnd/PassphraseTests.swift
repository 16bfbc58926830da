import Foundation
import Testing

@Suite("Nobody is asked for a passphrase")
struct PassphraseTests {
    private let folder: TemporaryFolder
    private let leaf: Certificates.Leaf
    private let locked: String

    init() throws {
        folder = try TemporaryFolder()
        leaf = try Certificates.shared().leaf(.ecdsa)
        locked = folder.file("locked.pem")
        let log = try OpenFile(creating: folder.file("openssl.log"))
        let process = try ChildProcess(
            "openssl", ["pkcs8", "-topk8", "-in", leaf.key, "-out", locked, "-passout", "pass:secret"], output: log, errors: log)
        guard try process.waitForEnd() == .exited(0) else { throw Failure("openssl pkcs8") }
    }

    /// Runs the binary with a terminal of its own, which it could ask, and an answer waiting there.
    private func runOnTerminal(_ arguments: [String], environment: [String: String] = [:]) throws -> (ChildProcess.Ending, shown: String) {
        let terminal = try PseudoTerminal()
        let end = try terminal.open()
        terminal.type("secret\n")
        let process = try ChildProcess(
            "setsid", ["--ctty", "--wait", Daemon.binary] + arguments, input: end, output: OpenFile(creating: folder.file("out")),
            errors: end,
            environment: environment)
        let ending = try process.waitForEnd()
        return (ending, terminal.shown() + (try String(contentsOfFile: folder.file("out"), encoding: .utf8)))
    }

    /// The same block, protected as OpenSSL's old keys are.
    private func encrypted(_ path: String, _ label: String) throws -> String {
        let mark = "-----BEGIN \(label)-----\n"
        return try folder.write(
            String(contentsOfFile: path, encoding: .utf8).replacing(
                mark, with: mark + "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"),
            to: UUID().uuidString)
    }

    @Test("check on a terminal says of every file that is protected that it is, and doesn't ask")
    func check() throws {
        let authority = try Certificates.shared().authority
        for (leaf, tls, upstream, words) in [
            (Certificates.Leaf(certificate: leaf.certificate, key: locked), "", "", "openssl pkey -in"),
            (Certificates.Leaf(certificate: try encrypted(leaf.certificate, "CERTIFICATE"), key: leaf.key), "", "", "is encrypted"),
            (leaf, "client_ca: \(try encrypted(authority, "CERTIFICATE"))", "", "is encrypted"),
            (leaf, "", "certificate: \(leaf.certificate)\n  key: \(locked)", "openssl pkey -in"),
            (leaf, "", "ca: \(try encrypted(authority, "CERTIFICATE"))", "is encrypted"),
        ] {
            let scene = try ConfigurationScene(leaf: leaf, tls: tls, upstream: "https://127.0.0.1:1", upstreamSettings: upstream)
            let (ending, shown) = try runOnTerminal(["check", "--config", scene.file])
            #expect(ending == .exited(2))
            #expect(shown.contains(words) && !shown.lowercased().contains("pass phrase"), "\(shown)")
        }
    }

    @Test("a start on a terminal with such a key ends and says why")
    func start() throws {
        let scene = try ConfigurationScene(leaf: .init(certificate: leaf.certificate, key: locked), upstream: "http://127.0.0.1:1")
        let (ending, shown) = try runOnTerminal(["run", "--config", scene.file])
        #expect(ending == .exited(2) && shown.contains("openssl pkey -in"), "\(shown)")
    }

    @Test("a running service keeps its pair when such a key comes, and goes on")
    func renewal() throws {
        let upstream = try ScriptedUpstream(.echo)
        let (certificate, key) = (folder.file("cert.pem"), folder.file("key.pem"))
        try FileManager.default.copyItem(atPath: leaf.certificate, toPath: certificate)
        try FileManager.default.copyItem(atPath: leaf.key, toPath: key)
        let daemon = try Daemon(upstream: upstream.url, certificates: [.init(certificate: certificate, key: key)], settings: "")
        #expect(unsafe rename(locked, key) == 0)
        let line = try daemon.waitForLine(event: "reload_failed")
        #expect(line["error"]?.contains("openssl pkey -in") == true, "\(line)")
        #expect(try RawClient(to: daemon).exchange("GET / HTTP/1.1\r\nHost: t\r\n\r\n").status == 200)
    }

    @Test("OpenSSL's configuration file has no say: one that names a key, or that nobody can read to its end, changes nothing")
    func configurationFile() throws {
        let scene = try ConfigurationScene(leaf: leaf, upstream: "http://127.0.0.1:1")
        let file = try folder.write(
            "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nPrivateKey = \(locked)\nMaxProtocol = TLSv1.1\n",
            to: "openssl.cnf")
        let pipe = folder.file("pipe")
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        for path in [file, pipe] {
            let (ending, shown) = try runOnTerminal(["check", "--config", scene.file], environment: ["OPENSSL_CONF": path])
            #expect(ending == .exited(0) && !shown.lowercased().contains("pass phrase"), "\(shown)")
        }
    }
}
