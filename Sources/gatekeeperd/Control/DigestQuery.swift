/// How far back a digest reaches; it exists only in a form that can be answered.
struct DigestQuery: Equatable, Sendable {
    let seconds: Int

    static let usual = DigestQuery(uncheckedSeconds: 86_400)

    init(seconds: Int) throws(ValueMistake) {
        guard seconds > 0 else { throw ValueMistake("a digest begins at least one second ago") }
        guard seconds <= DigestReport.secondsMax else {
            throw ValueMistake("what a digest is made of is kept for \(TrafficHour.daysKept)d, and none can be of a longer time")
        }
        self.init(uncheckedSeconds: seconds)
    }

    /// As people write a duration: `24h`.
    init(duration: String) throws(ValueMistake) {
        try self.init(seconds: Quantity.seconds(duration))
    }

    private init(uncheckedSeconds seconds: Int) {
        self.seconds = seconds
    }

    /// The hour that the beginning lies in: it is in whole.
    func firstHour(at now: WallTime) -> Int64 {
        now.advanced(byMilliseconds: -Int64(seconds) * 1000).hour
    }
}
