import Foundation

/// A real nginx or Apache that lets one address in alone, and says in `X-Client` whom it takes a request's client for.
///
/// `/bound` is for the one; `/seen` and everything else is for all.
final class AddressBoundServer: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case nginx, apache
    }

    let port: UInt16
    private let process: ChildProcess
    private let folder: TemporaryFolder

    /// - Parameters:
    ///   - admitted: the address that `/bound` is for.
    ///   - readsProxyHeader: each connection must begin with one, and is taken to be whom that names.
    ///   - leaf: for TLS, which nginx alone speaks here.
    ///   - address: where it listens; IPv6 in brackets.
    ///   - launcher: a program, with its first arguments, that becomes the server.
    init(
        _ kind: Kind, admitting admitted: String, readsProxyHeader: Bool = true, leaf: Certificates.Leaf? = nil,
        on address: String = "127.0.0.1", port: UInt16? = nil, launcher: [String] = []
    ) throws {
        let folder = try TemporaryFolder()
        guard unsafe chmod(folder.path, 0o755) == 0 else { throw Failure("chmod: error \(errno)") }
        let reservation = try PortReservation()
        let listening = port ?? reservation.port
        for name in ["bound", "seen"] { try folder.write("ok\n", to: name) }
        let text =
            switch kind {
            case .nginx: Self.nginx(folder, "\(address):\(listening)", admitted, readsProxyHeader, leaf)
            case .apache: Self.apache(folder, "\(address):\(listening)", admitted, readsProxyHeader)
            }
        let configuration = try folder.write(text, to: "configuration")
        let command =
            switch kind {
            case .nginx: ["/usr/sbin/nginx", "-e", folder.file("errors"), "-c", configuration]
            case .apache: ["/usr/sbin/apache2", "-f", configuration, "-DFOREGROUND"]
            }
        let whole = launcher + command
        let log = try OpenFile(creating: folder.file("said"))
        process = try ChildProcess(whole[0], Array(whole.dropFirst()), output: log, errors: log, endingSignal: SIGTERM)
        self.folder = folder
        self.port = listening
        if launcher.isEmpty { try process.waitUntilListening(on: listening) { Self.said(folder) } } else { try waitForRecord() }
        withExtendedLifetime(reservation) {}
    }

    /// In another network, where nobody can be asked from here: it has written down who it is.
    private func waitForRecord() throws {
        let deadline = Date(timeIntervalSinceNow: 30)
        while (try? String(contentsOfFile: folder.file("pid"), encoding: .utf8))?.isEmpty ?? true {
            guard Date() < deadline, (try? process.waitForEnd(seconds: 0.05)) == nil else { throw Failure(Self.said(folder)) }
        }
    }

    private static func said(_ folder: TemporaryFolder) -> String {
        ["said", "errors"].map { (try? String(contentsOfFile: folder.file($0), encoding: .utf8)) ?? "" }.joined()
    }

    /// Its log: the client's address and the path of each request.
    var requests: [String] {
        ((try? String(contentsOfFile: folder.file("requests"), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    private static func nginx(
        _ folder: TemporaryFolder, _ listen: String, _ admitted: String, _ readsProxyHeader: Bool, _ leaf: Certificates.Leaf?
    ) -> String {
        let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder.path)/\($0);" }
        let tls = leaf.map { "ssl_certificate \($0.certificate); ssl_certificate_key \($0.key);" } ?? ""
        let trust = readsProxyHeader ? "set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;" : ""
        let seen = readsProxyHeader ? "$remote_addr $proxy_protocol_port $proxy_protocol_server_addr" : "$remote_addr $remote_port"
        return """
            daemon off; master_process off; worker_processes 1; pid \(folder.path)/pid;
            events {}
            http {
                \(places.joined(separator: " "))
                log_format seen '$remote_addr $uri';
                access_log \(folder.path)/requests seen;
                server {
                    listen \(listen)\(leaf == nil ? "" : " ssl")\(readsProxyHeader ? " proxy_protocol" : "");
                    \(tls) \(trust)
                    keepalive_requests 1000000;
                    root \(folder.path);
                    add_header X-Client "\(seen)" always;
                    location /bound { allow \(admitted); deny all; }
                    location / {}
                }
            }
            """
    }

    private static func apache(_ folder: TemporaryFolder, _ listen: String, _ admitted: String, _ readsProxyHeader: Bool) -> String {
        let names = ["mpm_event", "authn_core", "authz_core", "authz_host", "remoteip", "headers", "log_config"]
        let built = ["log_config"]
        let modules = names.filter { !built.contains($0) }.map { "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so" }
        return """
            ServerRoot \(folder.path)
            ServerName tickets
            PidFile \(folder.path)/pid
            DefaultRuntimeDir \(folder.path)
            Mutex file:\(folder.path) default
            \(modules.joined(separator: "\n"))
            Listen \(listen)
            User nobody
            Group nogroup
            ErrorLog \(folder.path)/errors
            LogFormat "%a %U" seen
            CustomLog \(folder.path)/requests seen
            DocumentRoot \(folder.path)
            KeepAlive On
            MaxKeepAliveRequests 0
            StartServers 1
            \(readsProxyHeader ? "RemoteIPProxyProtocol On" : "")
            Header always set X-Client "expr=%{REMOTE_ADDR}"
            <Location /bound>
                Require ip \(admitted)
            </Location>
            """
    }
}
