internal import Gatekeeper

/// What somebody who asks for a grant must say; it exists only in a form that can be granted.
struct GrantRequest: Equatable, Sendable {
    let address: AddressPrefix
    let seconds: Int
    let reason: String
    /// Of an entry of the allow-list, whose routes it gets; nil for those that are for everybody.
    let label: String?
    /// It admits though there is a lockdown.
    var isDuringLockdown = false

    static let secondsMax = 30 * 86_400
    static let reasonBytesMax = 200

    init(address: String, seconds: Int, reason: String, label: String? = nil) throws(ValueMistake) {
        self.address = try Self.address(address)
        guard seconds > 0 else { throw ValueMistake("a grant lasts at least one second") }
        guard seconds <= Self.secondsMax else {
            throw ValueMistake("a grant lasts at most 30d; who is to stay belongs under allow in the configuration")
        }
        self.seconds = seconds
        guard !reason.isEmpty else { throw ValueMistake("a grant needs a reason, for whoever reads the log") }
        guard reason.utf8.count <= Self.reasonBytesMax else {
            throw ValueMistake("the reason has \(reason.utf8.count) bytes; at most \(Self.reasonBytesMax) are kept")
        }
        guard !reason.unicodeScalars.contains(where: Self.misleads) else {
            throw ValueMistake("the reason holds a control character or one that reorders text")
        }
        self.reason = reason
        if let label {
            guard (1...AllowFile.labelBytesMax).contains(label.utf8.count), !label.unicodeScalars.contains(where: Self.misleads) else {
                throw ValueMistake("a label has 1 to \(AllowFile.labelBytesMax) bytes, and no control character or one that reorders text")
            }
        }
        self.label = label
    }

    /// As people write a duration: `2h`.
    init(address: String, duration: String, reason: String, label: String? = nil) throws(ValueMistake) {
        try self.init(address: address, seconds: Quantity.seconds(duration), reason: reason, label: label)
    }

    /// An address or a network that a grant may be for.
    static func address(_ text: String) throws(ValueMistake) -> AddressPrefix {
        // No address is longer; the message quotes it.
        guard text.utf8.count <= 64 else { throw ValueMistake("\(Quantity.quoted(text)) is not an address") }
        let address: AddressPrefix
        do {
            address = try AddressPrefix(parsing: text)
        } catch {
            throw ValueMistake(in: text, error.message)
        }
        guard address.length != 0, address != everyIPv4 else {
            throw ValueMistake("\(address) is everybody; a grant is for somebody")
        }
        return address
    }

    private static let everyIPv4 = AddressPrefix(containing: PeerAddress(ipv4: 0), length: 96)

    /// Line breaks forge lines, and marks of direction make a line look like another.
    private static func misleads(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
