import Foundation

@testable import Gatekeeper

/// What every simulation of this process has in common: a certificate, and OpenSSL's contexts, which are costly and hold nothing of a run.
struct SimulationFiles: Sendable {
    let settings: Settings.TLS
    /// Whom the upstreams' certificates are by.
    let authorityPath: String
    let library: TLSLibrary
    let ticketKeys: TicketKeys
    let client: PeerSession.Context
    let server: PeerSession.Context
    /// Rung by no simulation, as nobody sleeps.
    let signal: JournalSignal

    private static let folder = NSTemporaryDirectory() + "gatekeeper-simulation-\(UUID().uuidString)"
    private static let made = Result { try SimulationFiles() }

    static func shared() throws -> SimulationFiles { try made.get() }

    /// Of Ed25519, whose signatures are of one length: what travels has the same lengths in every run of a seed.
    private init() throws {
        let folder = Self.folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: SimulationFiles.folder) }
        let (certificate, key) = (folder + "/certificate.pem", folder + "/key.pem")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "36500", "-set_serial", "1", "-subj", "/CN=localhost"]
            + ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        authorityPath = certificate
        settings = Settings.TLS(certificatePath: certificate, keyPath: key)
        signal = try JournalSignal()
        library = try TLSLibrary()
        ticketKeys = try TicketKeys(clock: { Instant(nanoseconds: 0) })
        client = try PeerSession.Context(client: ())
        server = try PeerSession.Context(certificate: certificate, key: key)
    }
}
