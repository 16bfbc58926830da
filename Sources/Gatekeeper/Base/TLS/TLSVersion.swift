/// The versions of TLS that are spoken (RFC 5246, RFC 8446); older ones aren't.
public enum TLSVersion: UInt8, Sendable, Comparable {
    case tls12 = 2
    case tls13 = 3

    public static func < (a: TLSVersion, b: TLSVersion) -> Bool { a.rawValue < b.rawValue }
}
