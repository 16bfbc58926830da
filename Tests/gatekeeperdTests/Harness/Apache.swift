import Foundation

/// The real Apache as a ticket system with Windows authentication: NTLM, by way of `mod_auth_gssapi` and `gss-ntlmssp`, that belongs to the
/// connection. `X-User` of an answer says whom it takes the client for.
final class Apache: Sendable {
    let url: String
    private let process: ChildProcess
    private let folder: TemporaryFolder

    /// - Parameter users: names, whose passwords are `secret-` and the name.
    init(users: [String]) throws {
        let folder = try TemporaryFolder()
        // Workers give up root, and read it all the same.
        guard unsafe chmod(folder.path, 0o755) == 0 else { throw Failure("chmod: error \(errno)") }
        let reservation = try PortReservation()
        let port = reservation.port
        let names = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_gssapi", "headers"]
        let modules = names.map { "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so" }
        let configuration = try folder.write(
            """
            ServerRoot \(folder.path)
            ServerName tickets
            PidFile \(folder.path)/pid
            DefaultRuntimeDir \(folder.path)
            Mutex file:\(folder.path) default
            \(modules.joined(separator: "\n"))
            Listen 127.0.0.1:\(port)
            User nobody
            Group nogroup
            ErrorLog \(folder.path)/errors
            DocumentRoot \(folder.path)
            KeepAlive On
            MaxKeepAliveRequests 0
            StartServers 1
            <Location />
                AuthType GSSAPI
                AuthName tickets
                GssapiConnectionBound On
                GssapiAllowedMech ntlmssp
                Require valid-user
                Header always set X-User "expr=%{REMOTE_USER}"
            </Location>
            """, to: "apache.conf")
        let passwords = try folder.write(users.map { Self.credentials(of: $0) + "\n" }.joined(), to: "users")
        let log = try OpenFile(creating: folder.file("said"))
        process = try ChildProcess(
            "/usr/sbin/apache2", ["-f", configuration, "-DFOREGROUND"], output: log, errors: log,
            environment: ["NTLM_USER_FILE": passwords], endingSignal: SIGTERM)
        self.folder = folder
        url = "http://127.0.0.1:\(port)"
        try process.waitUntilListening(on: port) {
            ["said", "errors"].map { (try? String(contentsOfFile: folder.file($0), encoding: .utf8)) ?? "" }.joined()
        }
        withExtendedLifetime(reservation) {}
    }

    /// A line of `NTLM_USER_FILE`, on either side.
    static func credentials(of user: String) -> String { "TICKETS:\(user):secret-\(user)" }
}
