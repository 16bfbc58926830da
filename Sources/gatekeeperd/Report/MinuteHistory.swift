internal import Gatekeeper

/// What happened in each minute of the last 24 hours, as far as it is known; bounded whatever happens.
///
/// Minutes are those of the clock that only goes forward, so that setting the calendar neither doubles nor loses any.
struct MinuteHistory: Equatable, Sendable {
    static let minutesMax = 1_440

    /// The number of the last minute that is known; nil while none is.
    private(set) var newest: Int64?
    /// By the number of the minute, modulo their number; nil for one of which nothing is known.
    private var cells = [MinuteCounts?](repeating: nil, count: minutesMax)

    /// Counted from a day before the clock's start, so that whatever a history holds has a number.
    static func minute(of instant: Instant) -> Int64 { Int64(instant.nanoseconds / 60_000_000_000) + Int64(minutesMax) }

    /// Counts what has come between two looks: it belongs to the minute of the first one. Minutes in between that nobody looked at stay unknown.
    mutating func count(_ counts: MinuteCounts, from minute: Int64, to now: Int64) {
        open(minute)
        add(counts)
        open(now)
    }

    /// A minute that was is never opened again: what is counted for it goes to the newest.
    private mutating func open(_ minute: Int64) {
        guard minute >= 0 else { return }
        if let newest {
            guard minute > newest else { return }
            // Of a jump beyond a day nothing is left.
            for passed in max(newest, minute - Int64(Self.minutesMax))..<minute { cells[Self.index(passed + 1)] = nil }
        }
        newest = minute
        cells[Self.index(minute)] = MinuteCounts()
    }

    private mutating func add(_ counts: MinuteCounts) {
        guard let newest else { return }
        cells[Self.index(newest)] = (cells[Self.index(newest)] ?? MinuteCounts()) + counts
    }

    /// Nil for a minute of which nothing is known.
    subscript(minute: Int64) -> MinuteCounts? {
        guard let newest, minute >= 0, minute <= newest, newest - minute < Int64(Self.minutesMax) else { return nil }
        return cells[Self.index(minute)]
    }

    /// The last 24 hours up to the minute `now`, which is the last one.
    func day(upTo now: Int64) -> [MinuteCounts?] {
        (0..<Int64(Self.minutesMax)).map { self[now - Int64(Self.minutesMax) + 1 + $0] }
    }

    /// Together with what another process has counted.
    func adding(_ other: MinuteHistory) -> MinuteHistory {
        guard let newest else { return other }
        guard let otherNewest = other.newest else { return self }
        let last = max(newest, otherNewest)
        let day = (0..<Int64(Self.minutesMax)).map { last - $0 }
        return MinuteHistory(
            newest: last,
            minutes: day.compactMap { minute in
                switch (self[minute], other[minute]) {
                case (let a?, let b?): (minute, a + b)
                case (let a?, nil): (minute, a)
                case (nil, let b?): (minute, b)
                case (nil, nil): nil
                }
            })
    }

    init() {}

    /// - Parameter minutes: those that are known, none later than `newest` nor a day before it.
    init(newest: Int64, minutes: [(Int64, MinuteCounts)]) {
        self.newest = newest
        for (minute, counts) in minutes { cells[Self.index(minute)] = counts }
    }

    private static func index(_ minute: Int64) -> Int { Int(minute % Int64(minutesMax)) }
}
