/// A time of day as the clocks around the machine show it: `07:00`.
struct TimeOfDay: Equatable, Sendable {
    /// 0 to 1439.
    let minutes: Int64

    private static let dayMilliseconds: Int64 = 86_400_000

    /// - Parameter minutes: since midnight, 0 to 1439.
    init(minutes: Int64) {
        self.minutes = minutes
    }

    init(_ text: String) throws(ValueMistake) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...2).contains(parts[0].utf8.count), parts[1].utf8.count == 2,
            let hours = Self.number(parts[0]), let minutes = Self.number(parts[1]), hours < 24, minutes < 60
        else {
            throw ValueMistake("\(Quantity.quoted(text)) is no time of day; write it as 07:00, from 00:00 to 23:59")
        }
        self.minutes = hours * 60 + minutes
    }

    private static func number(_ text: Substring) -> Int64? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int64(text) : nil
    }

    var text: String { "\(Self.digits(minutes / 60)):\(Self.digits(minutes % 60))" }

    private static func digits(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// The next moment after `now` at which clocks show it. Where they are put forward over it, the moment at which they would have; where they
    /// show it twice, the first time.
    ///
    /// - Parameter ahead: how far clocks are ahead of UTC at a moment, in milliseconds.
    func next(after now: WallTime, ahead: (WallTime) -> Int64) -> WallTime {
        let local = now.milliseconds &+ ahead(now)
        let day = local - ((local % Self.dayMilliseconds) + Self.dayMilliseconds) % Self.dayMilliseconds
        for days in Int64(0)...2 {
            let wanted = day + days * Self.dayMilliseconds + minutes * 60_000
            // As clocks go before, and where they go otherwise by then, as they go then.
            var moment = WallTime(milliseconds: wanted - ahead(now))
            moment = WallTime(milliseconds: wanted - ahead(moment))
            if moment > now { return moment }
        }
        return now.advanced(byMilliseconds: Self.dayMilliseconds)
    }
}
