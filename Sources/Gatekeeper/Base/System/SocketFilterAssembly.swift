/// Writes a filter's program from its last instruction to its first, so that whatever is jumped to is there already.
///
/// A comparison reaches 255 instructions far. What lies farther is reached over a jump of its own, which has 32 bits, or is an end of the
/// program, which is repeated where it is needed.
struct SocketFilterAssembly {
    private typealias Instruction = SocketFilter.Instruction

    /// What becomes of a packet at some instruction of the program.
    private enum Outcome {
        case keep
        case drop
        /// The instruction there decides; indices count from the program's end.
        case at(Int)
    }

    /// Values of one word of an address, and what becomes of them.
    private struct Item {
        var first: UInt32
        var last: UInt32
        var outcome: Outcome
    }

    /// Values of one word, and what of the words behind it is kept.
    private struct Group {
        var first: UInt32
        var last: UInt32
        /// Nil: everything. Else `first` and `last` are one value.
        var rest: [ClosedRange<UInt128>]?
    }

    private var reversed: ContiguousArray<Instruction> = []
    /// The nearest instructions that end the program.
    private var keep: Int?
    private var drop: Int?

    /// From where the address stands in the header of its version.
    private static let ipv4Source: UInt32 = 12
    private static let ipv6Source: UInt32 = 8
    /// Leaves room for the two instructions that may come between.
    private static let reach = 253

    /// - Parameter ranges: in order, none touching the next.
    static func program(keeping ranges: [AddressRange]) -> ContiguousArray<SocketFilter.Instruction> {
        var assembly = SocketFilterAssembly()
        let ipv6 = assembly.words(ranges.filter { !$0.isIPv4 }.map { $0.first...$0.last }, bits: 128, at: ipv6Source)
        let ipv4 = assembly.words(ranges.filter(\.isIPv4).map { $0.first...$0.last }, bits: 32, at: ipv4Source)
        let notIPv6 = assembly.compare(.equal, 4, ipv4, .drop)
        _ = assembly.compare(.equal, 6, ipv6, notIPv6)
        assembly.put(.versionFromByte)
        assembly.put(.load(byteAt: 0))
        return ContiguousArray(assembly.reversed.reversed())
    }

    // MARK: Trees

    /// A tree over the word at `offset`, with further trees over the words behind it where they matter.
    ///
    /// - Parameters:
    ///   - ranges: of the last `bits` of an address.
    ///   - offset: where those bits begin in the header.
    private mutating func words(_ ranges: [ClosedRange<UInt128>], bits: Int, at offset: UInt32) -> Outcome {
        var items: [Item] = []
        // From the end, so that comparisons in one tree are near each other.
        for group in Self.groups(ranges, bits: bits).reversed() {
            let outcome = group.rest.map { words($0, bits: bits - 32, at: offset + 4) } ?? .keep
            items.append(Item(first: group.first, last: group.last, outcome: outcome))
        }
        items.reverse()
        let outcome = tree(items[...], from: 0, to: .max)
        guard case .at = outcome else { return outcome }
        // Goes on with the instruction behind it, which is the tree's root.
        return put(.load(wordAt: offset))
    }

    /// The word is known to lie between `low` and `high`.
    private mutating func tree(_ items: ArraySlice<Item>, from low: UInt32, to high: UInt32) -> Outcome {
        guard let first = items.first else { return .drop }
        guard items.count > 1 else { return membership(first, from: low, to: high) }
        let middle = items.startIndex + items.count / 2
        let pivot = items[middle].first
        let right = tree(items[middle...], from: pivot, to: high)
        let left = tree(items[..<middle], from: low, to: pivot - 1)
        return compare(.atLeast, pivot, right, left)
    }

    private mutating func membership(_ item: Item, from low: UInt32, to high: UInt32) -> Outcome {
        var outcome = item.outcome
        if item.first == item.last, item.first > low || item.last < high { return compare(.equal, item.first, outcome, .drop) }
        if item.last < high { outcome = compare(.above, item.last, .drop, outcome) }
        if item.first > low { outcome = compare(.atLeast, item.first, outcome, .drop) }
        return outcome
    }

    /// Ranges by the word that they begin with.
    private static func groups(_ ranges: [ClosedRange<UInt128>], bits: Int) -> [Group] {
        let restBits = UInt128(bits - 32)
        let restMax: UInt128 = (1 << restBits) - 1
        var groups: [Group] = []
        func add(_ first: UInt128, _ last: UInt128, _ rest: ClosedRange<UInt128>) {
            let (first, last) = (UInt32(first), UInt32(last))
            let isWhole = rest == 0...restMax
            if let before = groups.last {
                // Of one range, as ranges don't touch.
                if isWhole, before.rest == nil, before.last &+ 1 == first {
                    groups[groups.count - 1].last = last
                    return
                }
                if before.rest != nil, before.last == first {
                    groups[groups.count - 1].rest?.append(rest)
                    return
                }
            }
            groups.append(Group(first: first, last: last, rest: isWhole ? nil : [rest]))
        }
        for range in ranges {
            let (first, last) = (range.lowerBound >> restBits, range.upperBound >> restBits)
            let (low, high) = (range.lowerBound & restMax, range.upperBound & restMax)
            guard first < last else {
                add(first, last, low...high)
                continue
            }
            add(first, first, low...restMax)
            if last - first > 1 { add(first + 1, last - 1, 0...restMax) }
            add(last, last, 0...high)
        }
        return groups
    }

    // MARK: Instructions

    private mutating func compare(
        _ comparison: SocketFilter.Instruction.Comparison, _ value: UInt32, _ whenTrue: Outcome, _ whenFalse: Outcome
    ) -> Outcome {
        let (whenTrue, whenFalse) = (near(whenTrue), near(whenFalse))
        return put(.compare(comparison, value, distance(to: whenTrue), distance(to: whenFalse)))
    }

    /// The index of an instruction with that outcome which a comparison that is written next can reach.
    private mutating func near(_ outcome: Outcome) -> Int {
        let index: Int? =
            switch outcome {
            case .keep: keep
            case .drop: drop
            case .at(let index): index
            }
        if let index, reversed.count - index <= Self.reach { return index }
        switch outcome {
        case .keep: keep = append(.keep)
        case .drop: drop = append(.drop)
        case .at(let index): return append(.jump(UInt32(reversed.count - index - 1)))
        }
        return reversed.count - 1
    }

    private func distance(to index: Int) -> UInt8 { UInt8(reversed.count - index - 1) }

    /// Returns the index of what was appended.
    private mutating func append(_ instruction: SocketFilter.Instruction) -> Int {
        reversed.append(instruction)
        return reversed.count - 1
    }

    @discardableResult
    private mutating func put(_ instruction: SocketFilter.Instruction) -> Outcome {
        .at(append(instruction))
    }
}
