internal import Gatekeeper

/// What a reader of the status page must know. Kept as a hash, so that neither a message nor a dump of the configuration can show it.
struct StatusToken: Equatable, Sendable, CustomStringConvertible {
    private let fingerprint: [UInt8]

    /// Of what nobody guesses, and of what a field of a request can hold.
    static let bytes = 16...256

    /// Never quotes the text: messages end in logs.
    init(_ text: String) throws(ValueMistake) {
        let limits = "\(Self.bytes.lowerBound) to \(Self.bytes.upperBound)"
        guard Self.bytes.contains(text.utf8.count) else { throw ValueMistake("a token has \(limits) characters") }
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw ValueMistake("a token holds visible ASCII characters and no spaces")
        }
        fingerprint = Self.fingerprint(of: Array(text.utf8))
    }

    /// Takes as long for a token that is right in part as for one that isn't at all: what is compared byte by byte are hashes, all of them
    /// to the end.
    func matches(_ bytes: [UInt8]) -> Bool {
        zip(fingerprint, Self.fingerprint(of: bytes)).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    var description: String { "(not shown)" }

    private static func fingerprint(of bytes: [UInt8]) -> [UInt8] { Array(Fingerprint.sha256(of: bytes).utf8) }
}
