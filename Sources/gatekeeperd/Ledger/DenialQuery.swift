internal import Gatekeeper

/// Of which denials somebody wants to hear; it exists only in a form that can be answered.
struct DenialQuery: Equatable, Sendable {
    /// How far back.
    let seconds: Int
    /// How many sources are told apart.
    let top: Int

    static let secondsMax = DenialTable.Bounds.standard.days * 86_400
    /// What an answer of the control socket has room for.
    static let topMax = 1_000
    static let usual = DenialQuery(uncheckedSeconds: 86_400, top: 50)
    static let lastHour = DenialQuery(uncheckedSeconds: 3_600, top: 50)

    init(seconds: Int, top: Int) throws(ValueMistake) {
        guard seconds > 0 else { throw ValueMistake("denials are asked for since at least one second ago") }
        guard seconds <= Self.secondsMax else {
            throw ValueMistake("denials are kept for \(DenialTable.Bounds.standard.days)d, and can't be asked for over a longer time")
        }
        guard (1...Self.topMax).contains(top) else { throw ValueMistake("the number of sources is between 1 and \(Self.topMax)") }
        self.init(uncheckedSeconds: seconds, top: top)
    }

    /// As people write a duration: `24h`.
    init(duration: String, top: Int) throws(ValueMistake) {
        try self.init(seconds: Quantity.seconds(duration), top: top)
    }

    private init(uncheckedSeconds seconds: Int, top: Int) {
        self.seconds = seconds
        self.top = top
    }
}
