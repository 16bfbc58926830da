/// How loudly the system's log is told of a line (RFC 3164 §4.1.1). The lines themselves don't carry it.
enum Severity: Int, Sendable {
    /// Somebody has to do something.
    case error = 3
    /// Somebody should know.
    case warning = 4
    /// Worth a look when looking for something.
    case notice = 5
    /// The daily work.
    case information = 6

    /// Of an event that isn't known at compile time.
    init(event: Span<UInt8>) {
        guard let name = try? UTF8Span(validating: event) else {
            self = .notice
            return
        }
        switch String(copying: name) {
        case "reload_failed", "listener_failed", "descriptors_exhausted": self = .error
        case "upstream_down", "dropped", "shield", "problem": self = .warning
        default: self = .notice
        }
    }
}
