/// The four shapes of a request target (RFC 9112 §3.2).
package enum TargetForm: UInt8, Sendable {
    /// `/path?query`
    case origin
    /// `http://authority/path?query`
    case absolute
    /// `authority`: only `CONNECT` takes it, and `CONNECT` is refused; the parser never hands it out.
    case authority
    /// `*`: the server as a whole, only with `OPTIONS`
    case asterisk
}
