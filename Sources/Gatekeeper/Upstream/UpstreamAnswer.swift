/// What a ticket system answered to a question of our own: to be looked at, never to be passed on.
package struct UpstreamAnswer: Equatable, Sendable {
    /// The final one: 200 to 599.
    package var status: UInt16
    /// In the order they came, names in lower case. Bytes beyond ASCII may be anything; there is no control character but tab.
    package var fields: [Field] = []
    /// The beginning of the body, without the framing: as much as was asked for and came in time. May hold any byte.
    package var body: [UInt8] = []
    /// `body` is all of it.
    package var isWhole = true
    /// Whom the ticket system takes for the client of this connection; nil where it has no address.
    package var ownAddress: PeerAddress?
    /// When its head had come, by this machine's clock.
    package var arrivedAtUnixMilliseconds: Int64 = 0

    package struct Field: Equatable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(status: UInt16, fields: [Field] = [], body: [UInt8] = [], ownAddress: PeerAddress? = nil) {
        self.status = status
        self.fields = fields
        self.body = body
        self.ownAddress = ownAddress
    }

    init(_ head: ResponseHead, _ table: FieldTable, _ bytes: Span<UInt8>) {
        status = head.status
        fields = table.entries.map { entry in
            Field(name: Self.text(bytes.bytes(entry.name)).lowercased(), value: Self.text(bytes.bytes(entry.value)))
        }
    }

    /// The value of the first field of this name, which is in lower case.
    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    private static func text(_ bytes: Span<UInt8>) -> String {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in bytes.indices { copy.append(bytes[index]) }
        return String(decoding: copy, as: UTF8.self)
    }
}
