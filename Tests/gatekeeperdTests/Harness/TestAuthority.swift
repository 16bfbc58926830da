import Foundation
import Synchronization

/// A certificate authority of a test's own, or the common one, that issues what the test needs with openssl(1).
struct TestAuthority {
    /// Its certificate, a PEM file.
    let certificate: String
    private let key: String
    private let folder: TemporaryFolder

    /// What it issued outlives it, up to the end of the tests.
    private static let folders = Mutex<[TemporaryFolder]>([])

    private static func makeFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        folders.withLock { $0.append(folder) }
        return folder
    }

    /// One that nobody trusts unless told to.
    init() throws {
        folder = try Self.makeFolder()
        (certificate, key) = (folder.file("ca.pem"), folder.file("ca-key.pem"))
        try openssl(
            ["req", "-x509"] + Self.curve + ["-nodes", "-days", "2", "-subj", "/CN=Another authority", "-keyout", key, "-out", certificate])
    }

    private init(_ certificate: Certificates.Leaf) throws {
        folder = try Self.makeFolder()
        (self.certificate, key) = (certificate.certificate, certificate.key)
    }

    private init(_ common: Certificates) throws {
        folder = try Self.makeFolder()
        (certificate, key) = (common.authority, common.folder.file("ca-key.pem"))
    }

    /// The one that the tests' clients trust.
    static func common() throws -> TestAuthority { try TestAuthority(Certificates.shared()) }

    private static let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]

    /// A leaf for these DNS names.
    ///
    /// - Parameters:
    ///   - days: until its end; negative for one that has ended.
    ///   - usage: what it may be used for only (`serverAuth`).
    func issue(
        _ file: String, names: [String] = ["client"], kind: Certificates.Kind = .ecdsa, days: Int = 2, usage: String? = nil
    ) throws -> Certificates.Leaf {
        var extensions = "basicConstraints=CA:FALSE\nsubjectAltName=" + names.map { "DNS:\($0)" }.joined(separator: ",") + "\n"
        if let usage { extensions += "extendedKeyUsage=\(usage)\n" }
        return try sign(file, kind: kind, days: days, extensions: extensions)
    }

    /// A leaf for localhost that began `age` days ago and ends `days` days from now.
    func issue(_ file: String, aged age: Int, days: Int) throws -> Certificates.Leaf {
        let leaf = Certificates.Leaf(certificate: folder.file("\(file).pem"), key: folder.file("\(file)-key.pem"))
        let request = folder.file("\(file).csr")
        try openssl(["req"] + Self.curve + ["-nodes", "-subj", "/CN=\(file)", "-keyout", leaf.key, "-out", request])
        let extensions = try folder.write("basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n", to: "\(file).ext")
        try folder.write("", to: "\(file).index")
        let configuration = try folder.write(
            "[ca]\ndefault_ca=x\n[x]\ndatabase=\(folder.file("\(file).index"))\nrand_serial=yes\nnew_certs_dir=\(folder.path)\n"
                + "default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n", to: "\(file).cnf")
        func time(inDays days: Int) -> String {
            ISO8601DateFormatter().string(from: Date(timeIntervalSinceNow: Double(days) * 86_400)).filter { $0.isNumber || $0 == "Z" }
        }
        try openssl([
            "ca", "-batch", "-notext", "-config", configuration, "-keyfile", key, "-cert", certificate, "-in", request, "-out",
            leaf.certificate, "-startdate", time(inDays: -age), "-enddate", time(inDays: days), "-extfile", extensions,
        ])
        return leaf
    }

    /// A leaf with these lines of an extension file, a key by these options of `openssl req`, and a subject that may differ from its file.
    func issue(
        _ file: String, extensions: String, newKey: [String]? = nil, subject: String? = nil, digest: String = "-sha256"
    ) throws -> Certificates.Leaf {
        try sign(file, kind: .ecdsa, days: 60, extensions: extensions, newKey: newKey, subject: subject, digest: digest)
    }

    /// The list of what this authority revokes, a PEM file.
    func revocationList(of leaves: [Certificates.Leaf], hasRunOut: Bool = false) throws -> String {
        let name = UUID().uuidString
        try folder.write("", to: "\(name).index")
        try folder.write("01\n", to: "\(name).number")
        let configuration = try folder.write(
            "[ca]\ndefault_ca=x\n[x]\ndatabase=\(folder.file("\(name).index"))\ncrlnumber=\(folder.file("\(name).number"))\n"
                + "default_md=sha256\ndefault_crl_days=1\n", to: "\(name).cnf")
        let common = ["ca", "-config", configuration, "-keyfile", key, "-cert", certificate]
        for leaf in leaves { try openssl(common + ["-revoke", leaf.certificate]) }
        let list = folder.file("\(name).crl")
        let past = ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200201000000Z"]
        try openssl(common + ["-gencrl", "-out", list] + (hasRunOut ? past : []))
        return list
    }

    /// An authority that this one vouches for.
    func intermediate() throws -> TestAuthority {
        try TestAuthority(try sign("intermediate", kind: .ecdsa, days: 90, extensions: "basicConstraints=critical,CA:TRUE\n"))
    }

    private func sign(
        _ file: String, kind: Certificates.Kind, days: Int, extensions: String, newKey: [String]? = nil, subject: String? = nil,
        digest: String = "-sha256"
    ) throws -> Certificates.Leaf {
        let leaf = Certificates.Leaf(certificate: folder.file("\(file).pem"), key: folder.file("\(file)-key.pem"))
        let extensionFile = try folder.write(extensions, to: "\(file).cnf")
        let key = newKey ?? (kind == .ecdsa ? Self.curve : ["-newkey", "rsa:2048", "-pkeyopt", "rsa_keygen_pubexp:65537"])
        try openssl(["req"] + key + ["-nodes", "-subj", subject ?? "/CN=\(file)", "-keyout", leaf.key, "-out", folder.file("\(file).csr")])
        try openssl([
            "x509", "-req", digest, "-in", folder.file("\(file).csr"), "-CA", certificate, "-CAkey", self.key, "-set_serial",
            "\(UInt32.random(in: 1 ... .max))", "-days", "\(days)", "-extfile", extensionFile, "-out", leaf.certificate,
        ])
        return leaf
    }

    private func openssl(_ arguments: [String]) throws {
        let log = try OpenFile(creating: folder.file("openssl.log"))
        let process = try ChildProcess("openssl", arguments, output: log, errors: log)
        guard try process.waitForEnd() == .exited(0) else {
            throw Failure("openssl: " + (try String(contentsOfFile: folder.file("openssl.log"), encoding: .utf8)))
        }
    }
}
