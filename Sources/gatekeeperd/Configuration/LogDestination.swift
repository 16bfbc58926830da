/// Where log lines go.
enum LogDestination: Equatable, Sendable {
    case standardOutput
    /// Appended to; opened again on SIGUSR1.
    case file(String)
}

/// How a log line is written.
enum LogFormat: String, CaseIterable, Sendable {
    case json
}
