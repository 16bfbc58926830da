import Foundation
import Testing

@testable import Gatekeeper
@testable import gatekeeperd

@Suite("Files of certificates and keys that aren't what they should be")
struct CertificateWordsTests {
    private let folder: TemporaryFolder
    private let leaf: Certificates.Leaf
    private let authority: String

    init() throws {
        folder = try TemporaryFolder()
        leaf = try Certificates.shared().leaf(.ecdsa)
        authority = try Certificates.shared().authority
    }

    /// A file of the folder that `openssl` writes, whose arguments may hold `IN` for the certificate and `KEY` for its key.
    private func made(_ name: String, _ arguments: String) throws -> String {
        let path = folder.file(name)
        let words = arguments.replacing("KEY", with: leaf.key).replacing("IN", with: leaf.certificate).split(separator: " ").map(
            String.init)
        let log = try OpenFile(creating: folder.file("log"))
        let process = try ChildProcess("openssl", words + ["-out", path], output: log, errors: log)
        guard try process.waitForEnd() == .exited(0) else {
            throw Failure("openssl \(arguments): \(try String(contentsOfFile: folder.file("log"), encoding: .utf8))")
        }
        return path
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    /// What is said of them as a certificate with its key; empty if they can be used.
    private func words(_ certificate: String, _ key: String) throws -> String {
        let settings = Settings(
            listeners: [], tls: Settings.TLS(certificatePath: certificate, keyPath: key), allow: [],
            upstream: Settings.Upstream([]))
        do throws(ServerError) {
            try DryRun(settings).load(settings.tls.certificates[0])
            return ""
        } catch {
            return error.description
        }
    }

    /// Likewise as authorities of clients.
    private func words(authorities path: String, revocations: String? = nil) throws -> String {
        let settings = Settings(
            listeners: [], tls: Settings.TLS(certificatePath: leaf.certificate, keyPath: leaf.key), allow: [],
            upstream: Settings.Upstream([]))
        do throws(ServerError) {
            try DryRun(settings).load(clientAuthorities: path, revocations: revocations)
            return ""
        } catch {
            return error.description
        }
    }

    @Test("in a certificate's place each is told as what it is, with the command that mends it, wherever a certificate stands")
    func certificates() throws {
        let empty = try folder.write(" \n", to: "empty.pem")
        let cut = try folder.write(String(text(leaf.certificate).prefix(200)), to: "cut.pem")
        let glued = try folder.write(text(leaf.certificate).trimmingCharacters(in: .newlines) + text(authority), to: "glued.pem")
        let wide = folder.file("wide.pem")
        try text(leaf.certificate).data(using: .utf16)?.write(to: URL(fileURLWithPath: wide))
        let lineOfEnd = try text(leaf.certificate).split(separator: "\n").count
        for (path, words) in [
            (try made("c.cer", "x509 -in IN -outform der"), ["is DER", "openssl x509 -inform der -in "]),
            (try made("c.pfx", "pkcs12 -export -in IN -inkey KEY -passout pass:"), ["is PKCS #12 (.pfx", "openssl pkcs12 -in"]),
            (try made("c.p7b", "crl2pkcs7 -nocrl -certfile IN"), ["holds PKCS #7", "openssl pkcs7 -print_certs"]),
            (try made("d.p7b", "crl2pkcs7 -nocrl -certfile IN -outform der"), ["is PKCS #7", "-inform der -print_certs"]),
            (leaf.key, ["holds a private key and no", "exchanged?"]),
            (try made("k.der", "pkey -in KEY -outform der"), ["is a private key, in DER"]),
            (try made("r.csr", "req -new -key KEY -subj /CN=a"), ["holds a certificate request", "authority"]),
            (try made("r.der", "req -new -key KEY -subj /CN=a -outform der"), ["is a certificate request, in DER"]),
            (empty, ["is empty"]), (wide, ["is UTF-16", "iconv"]), (glued, ["line \(lineOfEnd): a line break is missing"]),
            (cut, ["line 1 has no END line"]), (folder.path, ["it is a folder"]),
            (try folder.write("PK\u{3}\u{4}", to: "c.zip"), ["is a ZIP archive"]),
            (try folder.write("<html>", to: "c.html"), ["is a web page"]),
        ] {
            for said in [try self.words(path, leaf.key), try self.words(authorities: path)] {
                #expect(words.allSatisfy(said.contains), "\(path): \(said)")
            }
        }
    }

    @Test("in a key's place each is told as what it is, and a passphrase is named with the way to take it off")
    func keys() throws {
        for (path, words) in [
            (leaf.certificate, ["holds a certificate and no private key", "exchanged?"]),
            (try made("e.key", "pkcs8 -topk8 -in KEY -passout pass:secret"), ["is encrypted", "openssl pkey -in"]),
            (try made("l.key", "ec -in KEY -aes128 -passout pass:secret"), ["is encrypted", "passphrase"]),
            (try made("k.der", "pkey -in KEY -outform der"), ["is DER, the binary form of a key", "openssl pkey -inform der"]),
            (try made("e.der", "pkcs8 -topk8 -in KEY -outform der -passout pass:secret"), ["protected by a passphrase"]),
            (try made("c.pfx", "pkcs12 -export -in IN -inkey KEY -passout pass:"), ["PKCS #12", "-nocerts -nodes"]),
            (try made("p.pem", "pkey -in KEY -pubout"), ["holds a public key"]),
        ] {
            let said = try self.words(leaf.certificate, path)
            #expect(words.allSatisfy(said.contains), "\(path): \(said)")
        }
    }

    @Test("a byte order mark, line ends of Windows, and a key in the certificate's file are taken")
    func harmless() throws {
        let marked = try folder.write("\u{feff}" + text(leaf.certificate).replacing("\n", with: "\r\n"), to: "marked.pem")
        #expect(try words(marked, leaf.key) == "")
        let both = try folder.write(text(leaf.key) + text(leaf.certificate), to: "both.pem")
        #expect(try words(both, both) == "")
    }

    @Test("a chain whose leaf isn't the first, and a key that is too small, are told as such")
    func orderAndSize() throws {
        let reversed = try folder.write(text(authority) + text(leaf.certificate), to: "reversed.pem")
        #expect(try words(reversed, leaf.key).contains("belongs to number 2 in it; the leaf must come first"))
        let small = try TestAuthority.common().issue(
            "small", extensions: "subjectAltName=DNS:small\n", newKey: ["-newkey", "rsa:1024"])
        let said = try words(small.certificate, small.key)
        #expect(said.contains("is too small") && said.contains("1024") && said.contains("rsa:2048"), "\(said)")
        let old = try TestAuthority.common().issue("old", extensions: "subjectAltName=DNS:old\n", digest: "-sha1")
        #expect(try words(old.certificate, old.key).contains("signed with SHA-1"))
    }

    @Test("authorities that vouch for nobody are refused, and so is a revocation list among them")
    func authorities() throws {
        let own = try TestAuthority()
        let list = try own.revocationList(of: [])
        #expect(try words(authorities: own.certificate) == "")
        #expect(try words(authorities: own.issue("leaf").certificate).contains("is no authority but a leaf"))
        #expect(try words(authorities: own.intermediate().certificate).contains("the root is missing"))
        let both = try folder.write(text(own.certificate) + text(list), to: "both.pem")
        #expect(try words(authorities: both).contains("revocation list"))
        #expect(try words(authorities: both).contains("tls.client_crl"))
        #expect(try words(authorities: own.certificate, revocations: list) == "")
        #expect(try words(authorities: authority, revocations: list).contains("has none by CN=Test authority"))
        #expect(
            try words(authorities: own.certificate, revocations: own.certificate).contains(
                "holds a certificate and no revocation"))
    }
}
