import Foundation

/// A certificate authority and two leaves (ECDSA P-256 and RSA 2048) for localhost, 127.0.0.1 and ::1, made by openssl(1) once for
/// the test process.
struct Certificates: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case ecdsa, rsa
    }

    struct Leaf: Sendable {
        let certificate: String
        let key: String
    }

    let folder: TemporaryFolder
    /// The authority's certificate, a PEM file.
    var authority: String { folder.file("ca.pem") }

    func leaf(_ kind: Kind) -> Leaf {
        Leaf(certificate: folder.file("\(kind).pem"), key: folder.file("\(kind)-key.pem"))
    }

    /// What an https upstream must not be trusted for.
    enum Misfit: String, Sendable, CaseIterable {
        case expired
        /// For a name and an address that nobody asked for.
        case wrongName
        case selfSigned
    }

    func misfit(_ misfit: Misfit) -> Leaf {
        Leaf(certificate: folder.file("\(misfit).pem"), key: folder.file("\(misfit)-key.pem"))
    }

    private static let made = Result { try Certificates() }

    static func shared() throws -> Certificates { try made.get() }

    private init() throws {
        folder = try TemporaryFolder()
        let folder = folder
        func openssl(_ arguments: String...) throws {
            let log = try OpenFile(creating: folder.file("openssl.log"))
            let process = try ChildProcess("openssl", arguments, output: log, errors: log)
            guard try process.waitForEnd() == .exited(0) else {
                throw Failure("openssl: " + (try String(contentsOfFile: folder.file("openssl.log"), encoding: .utf8)))
            }
        }
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        try folder.write("basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n", to: "leaf.cnf")
        try openssl(
            "req", "-x509", curve[0], curve[1], curve[2], curve[3], "-nodes", "-days", "2", "-subj", "/CN=Test authority",
            "-keyout", folder.file("ca-key.pem"), "-out", folder.file("ca.pem"))
        for kind in Kind.allCases {
            let key = kind == .ecdsa ? curve : ["-newkey", "rsa:2048", "-pkeyopt", "rsa_keygen_pubexp:65537"]
            try openssl(
                "req", key[0], key[1], key[2], key[3], "-nodes", "-subj", "/CN=localhost",
                "-keyout", folder.file("\(kind)-key.pem"), "-out", folder.file("\(kind).csr"))
            try openssl(
                "x509", "-req", "-in", folder.file("\(kind).csr"), "-CA", folder.file("ca.pem"),
                "-CAkey", folder.file("ca-key.pem"), "-CAcreateserial", "-days", "2",
                "-extfile", folder.file("leaf.cnf"), "-out", folder.file("\(kind).pem"))
        }
        try folder.write("basicConstraints=CA:FALSE\nsubjectAltName=DNS:elsewhere,IP:192.0.2.1\n", to: "elsewhere.cnf")
        for (misfit, days, extensions) in [(Misfit.expired, "-1", "leaf.cnf"), (.wrongName, "2", "elsewhere.cnf")] {
            try openssl(
                "req", curve[0], curve[1], curve[2], curve[3], "-nodes", "-subj", "/CN=localhost",
                "-keyout", folder.file("\(misfit)-key.pem"), "-out", folder.file("\(misfit).csr"))
            try openssl(
                "x509", "-req", "-in", folder.file("\(misfit).csr"), "-CA", folder.file("ca.pem"),
                "-CAkey", folder.file("ca-key.pem"), "-CAcreateserial", "-days", days,
                "-extfile", folder.file(extensions), "-out", folder.file("\(misfit).pem"))
        }
        try openssl(
            "req", "-x509", curve[0], curve[1], curve[2], curve[3], "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", folder.file("selfSigned-key.pem"), "-out", folder.file("selfSigned.pem"))
    }
}
