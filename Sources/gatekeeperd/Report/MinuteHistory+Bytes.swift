/// How one process leaves the history to the next.
///
/// ```
///   "GKMH" version flags 0 0 │ newest minute │ 1 440 minutes from the oldest: denied requests errors refused │ checksum
/// ```
///
/// Numbers have their lowest byte first. What isn't exactly so is no history.
extension MinuteHistory {
    private static let beginning: [UInt8] = Array("GKMH".utf8) + [1]
    private static let headBytes = 16
    private static let checksumBytes = 8
    static let byteCount = headBytes + minutesMax * 16 + checksumBytes

    /// - Parameter isLast: nothing will be added to it.
    func bytes(isLast: Bool) -> [UInt8] {
        var bytes = Self.beginning + [isLast ? 1 : 0, 0, 0]
        func put(_ number: some FixedWidthInteger) {
            var rest = number
            for _ in 0..<MemoryLayout.size(ofValue: number) {
                bytes.append(UInt8(truncatingIfNeeded: rest))
                rest >>= 8
            }
        }
        put(newest ?? -1)
        for counts in day(upTo: newest ?? -1) {
            // Of a minute that isn't known nothing can be as much.
            let unknown = MinuteCounts(denied: .max, requests: .max, errors: .max, refused: .max)
            for series in MinuteCounts.Series.allCases { put((counts ?? unknown)[series]) }
        }
        put(Self.checksum(bytes[...]))
        return bytes
    }

    /// Nil for what isn't one, or can't be of this machine's last start: later than `now`, the present minute.
    static func read(_ bytes: [UInt8], now: Int64) -> (history: MinuteHistory, isLast: Bool)? {
        guard bytes.count == byteCount, bytes.starts(with: beginning), bytes[5] <= 1, bytes[6] == 0, bytes[7] == 0 else { return nil }
        var next = 8
        func take<Number: FixedWidthInteger>(_: Number.Type) -> Number {
            let size = Number.bitWidth / 8
            defer { next += size }
            return bytes[next..<next + size].reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
        }
        let newest = take(Int64.self)
        guard newest <= now, newest >= -1 else { return nil }
        var minutes: [(Int64, MinuteCounts)] = []
        for offset in 0..<Int64(minutesMax) {
            let minute = newest - Int64(minutesMax) + 1 + offset
            let counts = MinuteCounts(
                denied: take(UInt32.self), requests: take(UInt32.self), errors: take(UInt32.self), refused: take(UInt32.self))
            let isKnown = MinuteCounts.Series.allCases.contains { counts[$0] != .max }
            guard isKnown else { continue }
            guard minute >= 0 else { return nil }
            minutes.append((minute, counts))
        }
        guard take(UInt64.self) == checksum(bytes.dropLast(checksumBytes)) else { return nil }
        return (newest < 0 ? MinuteHistory() : MinuteHistory(newest: newest, minutes: minutes), bytes[5] == 1)
    }

    /// FNV-1a: against what is torn, not against anybody.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
