import Foundation

/// The real nginx as a ticket system: it reads every request whole, answers 204 with `X-Oracle`, and writes what it read to a log.
final class Nginx: Sendable {
    /// What to put behind `--upstream`.
    let url: String

    /// One request of the log; the status tells whether nginx took it for one.
    struct Access: Equatable {
        let method: String
        let target: String
        let status: Int
    }

    private let process: ChildProcess
    private let folder: TemporaryFolder

    init() throws {
        let binary = try PreparedFolder(named: "oracle").path + "/nginx"
        let folder = try TemporaryFolder()
        let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder.path)/\($0);" }
        // Bodies are read whole because the front passes them on; whatever a request asks for, the back says 204.
        let configuration = try folder.write(
            """
            daemon off; master_process off; worker_processes 1; pid \(folder.path)/pid;
            events {}
            http {
                \(places.joined(separator: " "))
                access_log off;
                log_format requests escape=none '$request_method $request_uri $status';
                server {
                    listen unix:\(folder.path)/front;
                    access_log \(folder.path)/requests requests;
                    add_header X-Oracle 1 always;
                    keepalive_requests 1000000; client_max_body_size 0; large_client_header_buffers 8 128k;
                    location / { proxy_pass http://unix:\(folder.path)/back; }
                }
                server { listen unix:\(folder.path)/back; client_max_body_size 0; large_client_header_buffers 8 128k; return 204; }
            }
            """, to: "nginx.conf")
        let log = try OpenFile(creating: folder.file("errors"))
        process = try ChildProcess(binary, ["-e", folder.file("errors"), "-c", configuration], output: log, errors: log)
        self.folder = folder
        url = "unix:\(folder.path)/front"
        let deadline = Date(timeIntervalSinceNow: 30)
        while (try? PlainSocket(to: SocketName(path: folder.file("back")))) == nil {
            guard Date() < deadline, (try? process.waitForEnd(seconds: 0.05)) == nil else {
                throw Failure("nginx does not listen: " + ((try? String(contentsOfFile: folder.file("errors"), encoding: .utf8)) ?? ""))
            }
        }
    }

    /// Ends nginx, and returns what it logged; every line is there then.
    func stop() throws -> [Access] {
        process.signal(SIGQUIT)
        _ = try process.waitForEnd()
        return try String(contentsOfFile: folder.file("requests"), encoding: .utf8).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard words.count == 3, let status = Int(words[2]) else { return nil }
            return Access(method: words[0], target: words[1], status: status)
        }
    }
}
