import Testing

@testable import gatekeeperd

/// A year of one vendor, hour by hour, made from a seed: who works when, in which country, on which holidays, and what befalls it.
///
/// Hours are UTC, the vendor's day is its own: Berlin's or New York's, with both changes of the clocks of 2026.
struct VendorTrace: CustomTestStringConvertible {
    enum Kind: String, CaseIterable {
        /// Tickets from 8 to 17 o'clock, Monday to Friday, 10 to 60 a day.
        case office
        /// The same, and a few at weekends and in the evening.
        case officeAndOnCall
        /// Asks every five minutes, day and night; now and then it is serviced for some hours.
        case poller
        /// Three tickets a week.
        case seldom
        /// One job on the first of the month.
        case monthly
        /// Begins in the middle of the year.
        case newcomer
        /// Office hours; the door's own line is down for some hours or days, four times.
        case lineOutages
        /// Office hours; the door itself doesn't run for some hours or days, four times.
        case doorOutages
        /// Office hours that become fewer from July on, until nobody comes in October.
        case fading
        /// Office hours; on four afternoons of the year nobody works, two of them before holidays.
        case afternoonsOff
    }

    /// Two sets that have no seed in common. By `tuning` the judgement's figures were found; what they are worth shows the other, which was
    /// run when they stood.
    enum Seeds: String {
        case tuning
        case holdOut = "hold-out"

        func first(_ count: UInt64) -> ClosedRange<UInt64> {
            let begin: UInt64 = self == .tuning ? 1 : 2_000_001
            return begin...begin + max(1, min(count, 1_000_000)) - 1
        }
    }

    let kind: Kind
    let seed: UInt64
    /// The hour from which on it sends from another address; nil: never.
    let movesAt: Int64?

    /// Midnight of 2026-01-01 in UTC; hours of the trace count from there.
    static let start: Int64 = 20_454 * 24
    static let hoursOfYear: Int64 = 365 * 24

    var testDescription: String { "\(kind.rawValue) \(seed)" }

    private let isEuropean: Bool
    private let perDay: Double
    private let outages: [Range<Int64>]
    private let closesAtChristmas: Bool
    /// Since New Year.
    private let afternoonsOff: [Int64]
    /// By the hour, of `kind`s with one mean for all of their working hours.
    private let officeLimit: Double
    private let holidays: [Bool]
    private(set) var random: SeededNumbers

    init(_ kind: Kind, seed: UInt64, moves: Bool = false) {
        var random = SeededNumbers(seed: seed &* 977 &+ UInt64(Kind.allCases.firstIndex(of: kind) ?? 0))
        self.kind = kind
        self.seed = seed
        isEuropean = random.unit() < 0.5
        perDay = 10 + 50 * random.unit()
        closesAtChristmas = random.unit() < 0.25
        officeLimit = SeededNumbers.limit(perDay / 9)
        let resting = isEuropean ? Self.european : Self.american
        holidays = (0..<370).map { resting.contains($0) }
        outages = (0..<4).map { _ in
            let begin = Int64(random.unit() * Double(Self.hoursOfYear - 100))
            return begin..<begin + 2 + Int64(random.unit() * 70)
        }
        afternoonsOff = kind == .afternoonsOff ? Self.afternoonsOff(before: resting.sorted(), &random) : []
        movesAt = moves ? (70 + Int64(random.unit() * 60)) * 24 + Int64(random.unit() * 24) : nil
        self.random = random
    }

    /// Two on the working day before a holiday, and two on any day.
    private static func afternoonsOff(before holidays: [Int64], _ random: inout SeededNumbers) -> [Int64] {
        (0..<2).flatMap { _ in
            var day = holidays[1 + Int(random.unit() * Double(holidays.count - 1))] - 1
            while !isWeekday(day) { day -= 1 }
            return [day, Int64(random.unit() * 365)]
        }
    }

    /// What is so in one hour.
    struct Hour {
        /// Requests, from wherever the vendor sends them.
        var requests = 0
        /// The door runs, and can be reached.
        var isOpen = true
        var runs = true
        /// The vendor works.
        var isWorking = false
    }

    /// The next hour; to be asked in their order, since the seed's numbers are.
    mutating func hour(_ hour: Int64) -> Hour {
        let local = hour + offset(hour)
        let (day, time) = (Self.day(local), ((local % 24) + 24) % 24)
        var result = Hour()
        let isHoliday = day >= 0 && holidays[Int(day)] || closesAtChristmas && day >= 356
        let isWorkday = Self.isWeekday(day) && !isHoliday
        result.isWorking = isWorkday && (8..<17).contains(time) && !(time >= 12 && afternoonsOff.contains(day))
        let isOut = outages.contains { $0.contains(hour) }
        if kind == .lineOutages, isOut { result.isOpen = false }
        if kind == .doorOutages, isOut { (result.isOpen, result.runs) = (false, false) }
        result.requests = requests(hour, day, time, result.isWorking)
        if kind == .poller { result.isWorking = true }
        return result
    }

    private mutating func requests(_ hour: Int64, _ day: Int64, _ time: Int64, _ isWorking: Bool) -> Int {
        let office = isWorking ? perDay / 9 : 0
        switch kind {
        case .office, .lineOutages, .doorOutages, .afternoonsOff: return isWorking ? random.poisson(limit: officeLimit) : 0
        case .officeAndOnCall: return random.poisson(office + (isWorking ? 0 : (6..<23).contains(time) ? 0.04 : 0.005))
        case .poller: return outages.contains { ($0.lowerBound..<$0.lowerBound + 3).contains(hour) } ? 0 : 12
        case .seldom: return random.poisson(isWorking ? 3.0 / 45 : 0)
        case .monthly: return time == 4 && [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334].contains(day) ? 40 : 0
        case .newcomer: return day < 180 || !isWorking ? 0 : random.poisson(limit: officeLimit)
        case .fading: return random.poisson(day < 181 ? office : office * max(0, 1 - Double(day - 181) / 90))
        }
    }

    // MARK: The calendar

    /// Since New Year.
    private static func day(_ local: Int64) -> Int64 { local >= 0 ? local / 24 : -1 }

    /// The first of January 2026 is a Thursday.
    private static func isWeekday(_ day: Int64) -> Bool { ![2, 3].contains(day % 7) }

    private func offset(_ hour: Int64) -> Int64 {
        let day = hour / 24
        // 29 March to 25 October; 8 March to 1 November.
        return isEuropean ? ((87..<297).contains(day) ? 2 : 1) : ((66..<304).contains(day) ? -4 : -5)
    }

    /// Germany's: New Year, Good Friday, Easter Monday, 1 May, Ascension, Whit Monday, 3 October, 25 and 26 December; and 24 and 31, on which
    /// nobody works.
    private static let european: Set<Int64> = [0, 92, 95, 120, 133, 144, 275, 357, 358, 359, 364]
    /// New Year, King, Presidents, Memorial Day, Juneteenth, 3 July, Labor, Columbus, Veterans, Thanksgiving and the day after, Christmas.
    private static let american: Set<Int64> = [0, 18, 46, 144, 169, 183, 249, 284, 314, 329, 330, 358]
}

/// Numbers from a seed (SplitMix64).
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// 0 to 1.
    mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }

    /// How often something happens that happens so often on average.
    mutating func poisson(_ mean: Double) -> Int {
        mean > 0 ? poisson(limit: Self.limit(mean)) : 0
    }

    /// The same for a mean that is used again and again.
    static func limit(_ mean: Double) -> Double { exponential(-mean) }

    mutating func poisson(limit: Double) -> Int {
        var (count, product) = (0, unit())
        while product > limit {
            count += 1
            product *= unit()
        }
        return count
    }

    /// e to the power of a small negative number, by its series: no import for one function.
    private static func exponential(_ power: Double) -> Double {
        var (sum, term) = (1.0, 1.0)
        for index in 1..<40 {
            term *= power / Double(index)
            sum += term
        }
        return sum
    }
}
