/// The identifier of one exchange, as it goes upstream, into the log and into answers of ours.
///
/// The client's own where it is sane, so that its log and ours meet. Kept inline: making and carrying one allocates nothing.
struct ExchangeIdentifier {
    private var storage: InlineArray<64, UInt8>
    private(set) var count: Int

    /// The client's `X-Request-Id`, nil where there is none that is safe to repeat.
    init?(_ fields: borrowing FieldTable, _ bytes: Span<UInt8>) {
        guard let range = RequestIdentifier.fromClient(fields, bytes) else { return nil }
        storage = .init(repeating: 0)
        count = Int(range.count)
        for index in 0..<count { storage[index] = bytes[Int(range.start) + index] }
    }

    /// 32 hexadecimal digits.
    fileprivate init(_ high: UInt64, _ low: UInt64) {
        storage = .init(repeating: 0)
        count = 32
        for index in 0..<16 {
            storage[index] = Self.digit(high >> UInt64(60 - 4 * index))
            storage[16 + index] = Self.digit(low >> UInt64(60 - 4 * index))
        }
    }

    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(first: count) }
    }

    private static func digit(_ value: UInt64) -> UInt8 {
        let nibble = UInt8(truncatingIfNeeded: value & 15)
        return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
}

/// Makes identifiers: unique over workers and restarts, without a system call each.
struct ExchangeIdentifierSource {
    private let seed: UInt64
    private var generator: SeededGenerator

    init(seed: UInt64) {
        self.seed = seed
        generator = SeededGenerator(seed: seed)
    }

    mutating func next() -> ExchangeIdentifier {
        ExchangeIdentifier(generator.next(), generator.next() ^ seed)
    }
}
