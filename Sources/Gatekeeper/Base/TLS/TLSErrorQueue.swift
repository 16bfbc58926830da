internal import CTLS

/// OpenSSL's error queue, which belongs to the thread and not to a session.
///
/// Whatever one connection leaves in it would be read as the next one's failure, so every failure drains it where it is met.
enum TLSErrorQueue {
    /// Empties the queue; the reason of the first error, which is the cause of the others.
    static func drain() -> String {
        guard let (_, text) = drainFirst() else { return "no reason given" }
        return text
    }

    /// Empties the queue; the first error's reason code of libssl (0 when it came from elsewhere) and its text.
    static func drainFirst() -> (reason: Int32, text: String)? {
        let first = ERR_get_error()
        guard first != 0 else { return nil }
        ERR_clear_error()
        // An error of the system carries its errno, and OpenSSL has no text for it.
        let code = ctls_system_error(first)
        if code != 0 { return (0, System.describe(code)) }
        // SAFETY: a constant string of the library, or null.
        let text = unsafe ERR_reason_error_string(first).map { unsafe String(cString: $0) } ?? "error \(first)"
        return (ctls_is_ssl_library(first) ? ctls_reason(first) : 0, text)
    }
}
