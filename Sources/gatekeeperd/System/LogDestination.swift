/// Where log lines go.
enum LogDestination: Equatable, Sendable {
    case standardOutput
    /// Appended to; opened again on SIGUSR1.
    case file(String)
    /// To the socket of the system's log.
    case syslog(String)

    /// Where journald and rsyslog listen.
    static let syslogPath = "/dev/log"

    /// The socket, if the system's log is meant.
    var syslogPath: String? {
        if case .syslog(let path) = self { path } else { nil }
    }
}
