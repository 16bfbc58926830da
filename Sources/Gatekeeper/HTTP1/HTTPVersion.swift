/// The two versions whose framing this code knows. Anything else in a start line is refused (505).
package enum HTTPVersion: UInt8, Sendable, Comparable {
    case http10 = 0
    case http11 = 1

    package static func < (a: HTTPVersion, b: HTTPVersion) -> Bool { a.rawValue < b.rawValue }
}
