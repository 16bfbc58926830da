internal import Glibc

/// When one source comes: requests an hour over nine weeks, from which each hour of the week has its chance of a visit, and how long the source
/// has stayed away since.
///
/// ```
///   an hour ends ─ requests ─▶ comes: the pause is over, and remembered
///               └─ none ─────▶ missed += chance of this hour of the week;  surprise += −ln(1 − chance)
///               └─ unknown ──▶ nothing: the door didn't run, or nobody at all could be heard
/// ```
///
/// A value without a clock: hours come in their order and are numbered from 1970 in UTC. An hour costs a few additions, whatever was before it.
/// Why the figures are what they are is in decision 0031.
struct Rhythm: Equatable, Sendable {
    /// Nine weeks: whole ones, so that an hour has the place in the ring of the same hours of the week before it.
    static let hoursKept: Int64 = 9 * 168
    static let hoursOfWeek = 168
    /// A source that came in fewer hours, on fewer days, or for a shorter time, has no habit yet.
    private static let activeHoursMin = 8
    private static let activeDaysMin = 5
    private static let ageHoursMin: Int64 = 14 * 24
    private static let pausesMax = 256
    /// Hours of an absence that count as the habit's.
    private static let forgettingHours: Int64 = 168

    /// Requests by hour, a ring; `unknown` where nothing is known of the hour.
    private var counts = [UInt16](repeating: Rhythm.unknown, count: Int(Rhythm.hoursKept))
    private static let unknown = UInt16.max
    /// Of the hours in the ring, by the hour of the week: those of which something is known, and those with a request.
    private var knownHours = [Int](repeating: 0, count: Rhythm.hoursOfWeek)
    private var activeHours = [Int](repeating: 0, count: Rhythm.hoursOfWeek)
    private var activeCount = 0
    private var requests: UInt64 = 0
    /// The last hour that was taken in.
    private(set) var lastHour: Int64?
    /// The first hour with a request.
    private var firstActiveHour: Int64?
    private(set) var lastActiveHour: Int64?
    private var absence = Absence()
    /// Those that ended within the nine weeks, the oldest first.
    private var pauses: [Pause] = []

    /// What was missed since the last request: by all hours, without the days on which nearly all offices rest, and without those on which
    /// some do.
    private struct Absence: Equatable, Sendable {
        var all = Missed()
        var mostly = Missed()
        var working = Missed()
        /// Of `working`, what was missed before the first hour in which the source seldom comes.
        var amidWork = Missed()
        var hasRested = false

        mutating func add(_ chance: Double, _ surprise: Double, _ rest: RestDays.Extent) {
            all.add(chance, surprise)
            if rest != .nearlyEverywhere { mostly.add(chance, surprise) }
            if chance < Rhythm.seldom { hasRested = true }
            guard rest == .nowhere else { return }
            working.add(chance, surprise)
            if !hasRested { amidWork.add(chance, surprise) }
        }
    }

    /// Visits that were to be expected and didn't come.
    struct Missed: Equatable, Sendable {
        /// Hours in which the source would have come, on average.
        var hours = 0.0
        /// How unlikely their absence is, in nats: e to the power of −10 is one in twenty-two thousand.
        var surprise = 0.0
    }

    private struct Pause: Equatable, Sendable {
        /// The first hour without a request.
        var start: Int64
        var end: Int64
        var missed: Absence
    }

    // MARK: Taking in

    /// An hour is over. Hours that were passed over are unknown; one that was taken in already is left as it is.
    ///
    /// - Parameters:
    ///   - requests: how many came; nil where the door couldn't hear.
    ///   - rest: where offices rest on this day.
    mutating func close(_ hour: Int64, requests: UInt64?, rest: RestDays.Extent = .nowhere) {
        guard hour >= 0, lastHour.map({ hour > $0 }) ?? true else { return }
        if let last = lastHour, hour - last > 1 {
            for passed in max(last + 1, hour - Self.hoursKept)..<hour { put(Self.unknown, at: passed) }
        }
        lastHour = hour
        guard let requests else { return put(Self.unknown, at: hour) }
        if requests == 0 {
            let slot = Self.slot(hour)
            absence.add(chance(at: slot), Self.surprise(activeHours[slot], knownHours[slot]), rest)
            // What it used to do is what it is missed by, however long it stays away.
            if let last = lastActiveHour, hour - last > Self.forgettingHours { return }
        } else {
            endPause(at: hour)
            firstActiveHour = firstActiveHour ?? hour
            lastActiveHour = hour
        }
        put(UInt16(clamping: min(requests, UInt64(Self.unknown - 1))), at: hour)
    }

    private mutating func put(_ count: UInt16, at hour: Int64) {
        let index = Int(hour % Self.hoursKept)
        if counts[index] != Self.unknown { take(counts[index], from: Self.slot(hour)) }
        counts[index] = count
        guard count != Self.unknown else { return }
        let slot = Self.slot(hour)
        knownHours[slot] += 1
        guard count > 0 else { return }
        activeHours[slot] += 1
        activeCount += 1
        requests += UInt64(count)
    }

    private mutating func take(_ count: UInt16, from slot: Int) {
        knownHours[slot] -= 1
        guard count > 0 else { return }
        activeHours[slot] -= 1
        activeCount -= 1
        requests -= UInt64(count)
    }

    private mutating func endPause(at hour: Int64) {
        if let last = lastActiveHour, hour - last > 1 {
            pauses.append(Pause(start: last + 1, end: hour, missed: absence))
            if pauses.count > Self.pausesMax { pauses.removeFirst() }
        }
        absence = Absence()
        if let first = pauses.first, first.end <= hour - Self.hoursKept { pauses.removeAll { $0.end <= hour - Self.hoursKept } }
    }

    /// The source has come within the hour that goes on: whatever was missed is over.
    mutating func comeBack(in hour: Int64) {
        guard lastActiveHour.map({ hour > $0 }) ?? true else { return }
        endPause(at: hour)
        lastActiveHour = hour
    }

    /// The calendar was set back: hours after `hour` haven't been yet.
    mutating func rewind(to hour: Int64) {
        guard let last = lastHour, last > hour else { return }
        for ahead in max(hour + 1, last - Self.hoursKept + 1)...last {
            let index = Int(ahead % Self.hoursKept)
            if counts[index] != Self.unknown { take(counts[index], from: Self.slot(ahead)) }
            counts[index] = Self.unknown
        }
        lastHour = hour
        lastActiveHour = lastActiveHour.map { min($0, hour) }
        firstActiveHour = firstActiveHour.map { min($0, hour) }
        pauses.removeAll { $0.end > hour }
        absence = Absence()
    }

    // MARK: The habit

    static func slot(_ hour: Int64) -> Int { Int((hour % Int64(hoursOfWeek) + Int64(hoursOfWeek)) % Int64(hoursOfWeek)) }

    /// Hours of the week in which it comes more seldom are those in which it rests.
    static let seldom = 0.2

    /// How likely a visit is in an hour of the week, 0 to 0.9: nine weeks are no proof of a tenth.
    func chance(at slot: Int) -> Double { Double(activeHours[slot]) / Double(knownHours[slot] + 1) }

    /// By active and known weeks, ten of each at most.
    private static let surprises: [Double] = (0..<100).map { index in
        let chance = Double(index / 10) / Double(index % 10 + 1)
        return -log(1 - min(chance, 0.9))
    }

    private static func surprise(_ active: Int, _ known: Int) -> Double { surprises[min(active, 9) * 10 + min(known, 9)] }

    /// Of any 24 hours in a row, the visits to be expected in the busiest and in the quietest.
    private var days: (busiest: Double, quietest: Double) {
        let chances = (0..<Self.hoursOfWeek).map(chance)
        var sum = chances[..<24].reduce(0, +)
        var (busiest, quietest) = (sum, sum)
        for start in 1..<Self.hoursOfWeek {
            sum += chances[(start + 23) % Self.hoursOfWeek] - chances[start - 1]
            busiest = max(busiest, sum)
            quietest = min(quietest, sum)
        }
        return (busiest, max(0, quietest))
    }

    /// Whether it comes often enough, and for long enough, for its absence to mean something.
    var isHabit: Bool {
        guard let first = firstActiveHour, let latest = lastActiveHour, let last = lastHour, latest - first >= Self.ageHoursMin,
            activeCount >= Self.activeHoursMin
        else { return false }
        var days: Set<Int64> = []
        for hour in max(0, last - Self.hoursKept + 1)...last where days.count < Self.activeDaysMin {
            let count = counts[Int(hour % Self.hoursKept)]
            if count != Self.unknown, count > 0 { days.insert(hour / 24) }
        }
        return days.count >= Self.activeDaysMin
    }

    /// Requests in an hour in which it comes, on average.
    var requestsPerActiveHour: Double { activeCount == 0 ? 0 : Double(requests) / Double(activeCount) }

    // MARK: The absence

    enum Judgement: Equatable, Sendable {
        case usual
        /// Not yet beyond what happens by chance, but enough where somebody else knocks in the source's place.
        case doubtful
        case silent
    }

    private static let doubtSurprise = 6.0
    private static let doubtHours = 3.0
    private static let silenceSurprise = 10.0

    /// Asks at the end of an hour. Cheap while nothing is missed.
    var judgement: Judgement {
        guard absence.all.surprise >= Self.doubtSurprise, isHabit else { return .usual }
        let (busiest, quietest) = days
        // Who rests at weekends rests on holidays; who never rests has none.
        let rests = quietest < busiest / 4
        let missed = rests ? absence.working : absence.all
        // Whom a candidate is found for may work on a day on which others rest.
        guard (rests ? absence.mostly : absence.all).hours >= Self.doubtHours else { return .usual }
        let longest = pauses.map { rests ? $0.missed.working.hours : $0.missed.all.hours }.max() ?? 0
        let isBeyondChance = missed.surprise >= Self.silenceSurprise
        let isBeyondHabit = missed.hours > longest * 1.25 + 0.5
        // A holiday that isn't known here takes a whole day and perhaps the afternoon before it, and not the morning after it.
        let isBeyondHoliday = !rests || missed.hours - absence.amidWork.hours > busiest + max(1.5, busiest / 5)
        return isBeyondChance && isBeyondHabit && isBeyondHoliday ? .silent : .doubtful
    }

    /// The absence began while the source works, and enough was missed before it used to rest: no holiday begins so.
    var isMissedAmidWork: Bool { absence.amidWork.surprise >= Self.doubtSurprise && absence.amidWork.hours >= Self.doubtHours }

    /// The first hour without a request, nil before the first one.
    var absentSince: Int64? { lastActiveHour.map { $0 + 1 } }

    // MARK: For people

    /// `40 requests a day, pauses of up to 2d 15h (up to 15h from a Tuesday on)`; the day is the one on which the present absence began.
    var usual: String {
        guard let last = lastHour else { return "nothing is known yet" }
        let known = max(1, knownHours.reduce(0, +))
        let perWeek = Double(requests) * Double(Self.hoursOfWeek) / Double(known)
        let often =
            perWeek >= 14 ? "\(Int((perWeek / 7).rounded())) requests a day on average" : "\(Int(perWeek.rounded(.up))) requests a week"
        let recent = pauses.filter { $0.end > last - Self.hoursKept }
        guard let longest = recent.map({ $0.end - $0.start }).max() else { return "\(often), hardly a pause" }
        var text = "\(often), pauses of up to \(Self.duration(longest))"
        if let since = absentSince {
            let day = Self.weekday(since)
            let sameDay = recent.filter { Self.weekday($0.start) == day }.map { $0.end - $0.start }.max()
            if let sameDay, sameDay < longest { text += " (of up to \(Self.duration(sameDay)) from a \(Self.weekdays[day]) on)" }
        }
        return text
    }

    private static let weekdays = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]

    private static func weekday(_ hour: Int64) -> Int { Int(hour / 24 % 7) }

    private static func duration(_ hours: Int64) -> String { TimeText.duration(milliseconds: hours * 3_600_000) }
}

extension Rhythm.Missed {
    fileprivate mutating func add(_ chance: Double, _ more: Double) {
        hours += chance
        surprise += more
    }
}
