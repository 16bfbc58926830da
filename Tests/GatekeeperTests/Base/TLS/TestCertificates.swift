import Foundation

@testable import Gatekeeper

/// Certificates and keys of this test process, made by openssl(1) when they are first asked for and gone with the process.
struct TestCertificates: Sendable {
    /// A self-signed leaf for `localhost`.
    let certificate: String
    let key: String
    /// The same, with the name in a subjectAltName, and its key.
    let named: String
    let namedKey: String
    /// Belongs to no certificate.
    let otherKey: String
    private let folder: String

    private static let folder = NSTemporaryDirectory() + "gatekeeper-certificates-" + UUID().uuidString
    private static let made = Result { try TestCertificates(in: folder) }

    static func shared() throws -> TestCertificates { try made.get() }

    /// What sessions in the server's role are made from, for tests that need nothing special.
    static func sharedContext() throws -> TLSContext { try madeContext.get() }

    private static let madeContext = Result { try makeContext() }

    /// For all tests, and never freed: OpenSSL wants every thread that has used one to be done with it by then (OPENSSL_init_crypto(3)),
    /// and tests change threads.
    private static let library = Result { try TLSLibrary() }

    /// What a worker has of its own.
    static func makeLibrary() throws -> TLSLibrary { try library.get() }

    static func makeContext(minimumVersion: TLSVersion = .tls12, library: TLSLibrary? = nil) throws -> TLSContext {
        let files = try shared()
        var settings = Settings.TLS(certificatePath: files.certificate, keyPath: files.key)
        settings.minimumVersion = minimumVersion
        return try makeContext(settings, library: library)
    }

    static func makeContext(_ settings: Settings.TLS, library: TLSLibrary? = nil) throws -> TLSContext {
        try TLSContext(settings, library: library ?? Self.library.get(), ticketKeys: TicketKeys())
    }

    static func makeClientContext(_ settings: Settings.Upstream.TLS) throws -> TLSContext {
        try TLSContext(settings, library: library.get())
    }

    /// A file of the folder with this text.
    func write(_ text: String, to name: String) throws -> String {
        let path = folder + "/" + name
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    func path(_ name: String) -> String { folder + "/" + name }

    private init(in folder: String) throws {
        self.folder = folder
        certificate = folder + "/leaf.pem"
        key = folder + "/leaf-key.pem"
        otherKey = folder + "/other-key.pem"
        named = folder + "/named.pem"
        namedKey = folder + "/named-key.pem"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: TestCertificates.folder) }
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for (key, certificate) in [(key, certificate), (otherKey, folder + "/other.pem")] {
            try Self.openssl(["req", "-x509"] + curve + ["-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate])
        }
        try Self.openssl(
            ["req", "-x509"] + curve
                + ["-days", "2", "-subj", "/CN=named", "-addext", "subjectAltName=DNS:localhost", "-keyout", namedKey, "-out", named])
    }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw TLSSetupError("openssl \(arguments.joined(separator: " "))") }
    }
}
