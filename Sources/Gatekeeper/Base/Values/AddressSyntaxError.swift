/// Why a text isn't an address, in words for whoever wrote it.
public struct AddressSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence without a full stop; quotes what was found, and says what to write instead where that is known.
    public let message: String

    init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}
