import Foundation

/// The real HAProxy as a load balancer in front of a daemon: it relays bytes, from 127.0.0.4, and says first whose they are.
final class HAProxy: Sendable {
    /// Where clients connect.
    let port: UInt16
    private let process: ChildProcess
    private let folder: TemporaryFolder

    /// - Parameter options: of its `server` line (`send-proxy-v2 check inter 100`).
    init(to daemon: Daemon, options: String) throws {
        let binary = try PreparedFolder(named: "haproxy").path + "/haproxy"
        let folder = try TemporaryFolder()
        let reservation = try PortReservation()
        port = reservation.port
        let configuration = try folder.write(
            """
            global
                maxconn 100
                stats socket \(folder.path)/stats mode 600
            defaults
                mode tcp
                timeout connect 10s
                timeout client 60s
                timeout server 60s
            frontend door
                bind 127.0.0.1:\(port)
                default_backend gatekeeper
            backend gatekeeper
                server one 127.0.0.1:\(daemon.port) source 127.0.0.4 \(options)

            """, to: "haproxy.cfg")
        let log = try OpenFile(creating: folder.file("log"))
        process = try ChildProcess(binary, ["-db", "-f", configuration], output: log, errors: log)
        self.folder = folder
        let deadline = Date(timeIntervalSinceNow: 30)
        while (try? PlainSocket(to: SocketName(path: folder.file("stats")))) == nil {
            guard Date() < deadline, (try? process.waitForEnd(seconds: 0.05)) == nil else {
                throw Failure("HAProxy does not listen: " + ((try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? ""))
            }
        }
        withExtendedLifetime(reservation) {}
    }

    /// The last check of the daemon that is over, and how often a check has failed.
    func checks() throws -> (status: String, failures: Int) {
        let socket = try PlainSocket(to: SocketName(path: folder.file("stats")))
        _ = socket.send(Array("show stat\n".utf8))
        var bytes: [UInt8] = []
        while case .bytes(let more) = socket.receive() { bytes += more }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        guard let names = lines.first, let server = lines.first(where: { $0.count > 1 && $0[0] == "gatekeeper" && $0[1] == "one" }),
            let status = names.firstIndex(of: "check_status"), let failures = names.firstIndex(of: "chkfail")
        else { throw Failure("no statistics: \(lines)") }
        return (String(server[status]), Int(server[failures]) ?? 0)
    }
}
