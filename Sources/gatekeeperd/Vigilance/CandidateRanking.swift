internal import Gatekeeper

/// Who may be a source that is silent, among those who were turned away since: by nearness to its addresses, by the hours in which they
/// knock, and by not having knocked before.
///
/// Scanners knock as well, and more of them. What tells a vendor is that it begins where the silence begins, goes on in the vendor's hours, and
/// rests when the vendor rests. None of that is proof of anything: the ranking only chooses what a person looks at first.
enum CandidateRanking {
    static let shownMax = 5
    /// Bits of the mapped form: /24 and /16 of IPv4.
    private static let ipv4Lengths = [(bits: 120, name: "/24", score: 4.0), (bits: 112, name: "/16", score: 1.5)]
    private static let ipv6Lengths = [
        (bits: 64, name: "/64", score: 5.0), (bits: 48, name: "/48", score: 4.0), (bits: 32, name: "/32", score: 1.5),
    ]
    private static let likenessMin = 0.6
    private static let hoursMin = 3
    /// Of the hours in which the source never comes, so many or an eighth may have knocks.
    private static let strangeHoursMax = 1
    private static let strangeShare = 8
    /// Without knocks, in hours in which the source never comes.
    private static let restedHoursMin = 2
    /// Within so many of the source's own hours after the silence began; a vendor that moved knocks with its next ticket.
    private static let promptHours = 1.6
    /// An hour of the week in which the source never comes.
    private static let never = 0.05

    /// - Parameters:
    ///   - knocks: since the silence began.
    ///   - own: the source's entries.
    ///   - since: the first hour of the silence.
    ///   - now: the hour that goes on.
    static func rank(_ knocks: [Knocks], own: [AddressPrefix], rhythm: Rhythm, since: Int64, now: Int64) -> [Candidate] {
        let all = knocks.filter { !$0.hours.isEmpty }.map { judge($0, own, rhythm, since, now) }
        let ordered = all.sorted { a, b in
            if a.isStriking != b.isStriking { return a.isStriking }
            return (b.score, a.address.high, a.address.low) < (a.score, b.address.high, b.address.low)
        }
        return Array(ordered.prefix(shownMax))
    }

    private static func judge(_ knocks: Knocks, _ own: [AddressPrefix], _ rhythm: Rhythm, _ since: Int64, _ now: Int64) -> Candidate {
        let first = knocks.hours[0].hour
        // What comes seldom isn't waited for, and most moves happen in the night.
        let expectedBefore = expected(rhythm, since..<max(since, first), isUsual: true)
        let likeness = likeness(knocks, rhythm, now)
        let near = nearest(knocks.address, own)
        let perHour = Double(knocks.count) / Double(knocks.hours.count)
        let ratio = perHour / max(rhythm.requestsPerActiveHour, 0.01)
        let strange = strangeHours(knocks, rhythm)
        let rest = max(strange, restHours(first..<max(now, first), rhythm))
        let isLikely =
            likeness >= likenessMin && knocks.hours.count >= hoursMin && expectedBefore <= promptHours
            && strange <= max(strangeHoursMax, rest / strangeShare)
        let isNear = (near?.score ?? 0) >= 4
        // On a holiday a scanner that began in the morning looks the same until the evening.
        let isNoHoliday = rhythm.isMissedAmidWork || rest - strange >= restedHoursMin
        var score = (near?.score ?? 0) + 3 * likeness + (knocks.isKnown ? 0 : 2)
        if (0.25...4).contains(ratio) { score += 1 }
        if expectedBefore <= promptHours { score += 1 }
        return Candidate(
            address: knocks.address, nearness: near.map { "same \($0.name) as \($0.entry)" }, count: knocks.count,
            hours: knocks.hours.count, isNew: !knocks.isKnown, likeness: likeness, score: score,
            isStriking: !knocks.isKnown && (isNoHoliday ? isLikely || isNear : isLikely && isNear))
    }

    /// Of the visits that the habit has for the hours since the first knock, those that were made; knocks at other hours count against it.
    private static func likeness(_ knocks: Knocks, _ rhythm: Rhythm, _ now: Int64) -> Double {
        let expected = expected(rhythm, knocks.hours[0].hour..<max(now, knocks.hours[0].hour + 1))
        let made = Double(knocks.hours.count - strangeHours(knocks, rhythm))
        return made > 0 ? min(1, made / max(expected, 1)) * made / Double(knocks.hours.count) : 0
    }

    /// Hours of its knocks in which the source never comes.
    private static func strangeHours(_ knocks: Knocks, _ rhythm: Rhythm) -> Int {
        knocks.hours.count { rhythm.chance(at: Rhythm.slot($0.hour)) < never }
    }

    /// Hours in which the source never comes.
    private static func restHours(_ hours: Range<Int64>, _ rhythm: Rhythm) -> Int {
        hours.suffix(Int(Rhythm.hoursKept)).count { rhythm.chance(at: Rhythm.slot($0)) < never }
    }

    /// - Parameter isUsual: only hours of the week in which it comes mostly, on days on which nobody rests.
    private static func expected(_ rhythm: Rhythm, _ hours: Range<Int64>, isUsual: Bool = false) -> Double {
        // No silence that is asked about is longer than what the rhythm is made of.
        hours.suffix(Int(Rhythm.hoursKept)).reduce(0) { sum, hour in
            let chance = rhythm.chance(at: Rhythm.slot(hour))
            return chance == 0 || isUsual && (chance < Rhythm.seldom || RestDays.contains(hour / 24)) ? sum : sum + chance
        }
    }

    /// The nearest entry of the source: how near, in the words of the field.
    private static func nearest(_ address: PeerAddress, _ own: [AddressPrefix]) -> (name: String, entry: AddressPrefix, score: Double)? {
        for length in address.isIPv4 ? ipv4Lengths : ipv6Lengths {
            let network = AddressPrefix(containing: address, length: length.bits)
            if let entry = own.first(where: { $0.isIPv4 == address.isIPv4 && network.contains($0.address) }) {
                return (length.name, entry, length.score)
            }
        }
        return nil
    }

    /// The same for somebody of whom nothing else is known: `same /24 as 192.0.2.7 (Tier2Tickets)`.
    static func neighbour(of address: PeerAddress, among entries: [Settings.AllowEntry]) -> String? {
        for length in address.isIPv4 ? ipv4Lengths : ipv6Lengths {
            let network = AddressPrefix(containing: address, length: length.bits)
            let near = entries.first { $0.prefix.isIPv4 == address.isIPv4 && network.contains($0.prefix.address) }
            if let near { return "same \(length.name) as \(near.prefix)" + (near.label.map { " (\($0))" } ?? "") }
        }
        return nil
    }
}
