@testable import Gatekeeper

/// Takes the PROXY header off the front of what comes on a connection, piece by piece.
struct IntroductionReader {
    let isExpected: Bool
    private(set) var header: ProxyHeader?
    /// It begins with something else.
    private(set) var isWrong = false
    private var bytes: [UInt8] = []

    init(isExpected: Bool) {
        self.isExpected = isExpected
    }

    /// What stands behind it; nothing as long as it isn't whole.
    mutating func take(_ piece: [UInt8]) -> [UInt8] {
        guard isExpected, header == nil else { return piece }
        bytes += piece
        switch ProxyHeader.parse(bytes.span) {
        case .needsMore: return []
        case .parsed(let parsed):
            header = parsed
            return Array(bytes[parsed.byteCount...])
        case .refused:
            isWrong = true
            return []
        }
    }
}
