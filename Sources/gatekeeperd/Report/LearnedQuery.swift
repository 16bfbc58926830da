/// Of which learned requests somebody wants to hear; it exists only in a form that can be answered.
struct LearnedQuery: Equatable, Sendable {
    /// How far back.
    let seconds: Int
    /// Nil for all.
    let label: String?

    static let secondsMax = 60 * 86_400
    static let usual = LearnedQuery(uncheckedSeconds: 14 * 86_400, label: nil)

    init(seconds: Int, label: String? = nil) throws(ValueMistake) {
        guard seconds > 0 else { throw ValueMistake("requests are asked for since at least one second ago") }
        guard seconds <= Self.secondsMax else {
            throw ValueMistake("requests are kept for \(Self.secondsMax / 86_400)d, and can't be asked for over a longer time")
        }
        self.init(uncheckedSeconds: seconds, label: label)
    }

    /// As people write a duration: `14d`.
    init(duration: String, label: String? = nil) throws(ValueMistake) {
        try self.init(seconds: Quantity.seconds(duration), label: label)
    }

    private init(uncheckedSeconds seconds: Int, label: String?) {
        self.seconds = seconds
        self.label = label
    }
}
