import Gatekeeper

@testable import gatekeeperd

/// A door with one vendor, and strangers at it: what is said of the vendor's silence, when, and whether it is true.
struct VigilSimulation {
    struct Outcome {
        /// Of alarms while the vendor came from where it always comes.
        var falseAlarms = 0
        /// Hours of the vendor's work from its move to the alarm; nil if there was none.
        var workingHours: Int?
        var hours: Int64?
        /// The new address is among the candidates that are shown.
        var isFound = false
        fileprivate var isTold = false
    }

    /// The same year twice: at a door that counts strangers, and with `on_deny: drop`.
    struct Outcomes {
        var counting = Outcome()
        var dropping = Outcome()
    }

    private let label = "Vendor"
    private let oldAddress = try? AddressPrefix(parsing: "192.0.2.7")

    func run(_ trace: VendorTrace, hours: Int64 = VendorTrace.hoursOfYear) throws -> Outcomes {
        var trace = trace
        var scanners = Scanners(seed: trace.seed)
        var rhythms = Rhythms()
        var outcomes = Outcomes()
        var knocks: [(hour: Int64, count: Int64)] = []
        var missedWork = 0
        let movedTo = try PeerAddress(parsing: "203.0.113.\(trace.seed % 250 + 1)")
        for hour in 0..<hours {
            let now = VendorTrace.start + hour
            rhythms.follow(now)
            let facts = trace.hour(hour)
            let hasMoved = trace.movesAt.map { $0 <= hour } ?? false
            if facts.runs { rhythms.run(milliseconds: 3_600_000) }
            if facts.isOpen {
                if scanners.knock(in: now) { rhythms.hearStrangers() }
                if facts.requests > 0, hasMoved { knocks.append((now, Int64(facts.requests))) }
                if facts.requests > 0, !hasMoved {
                    rhythms.count(UInt64(facts.requests), of: label)
                    (outcomes.counting.isTold, outcomes.dropping.isTold) = (false, false)
                }
            }
            if hasMoved, facts.isWorking { missedWork += 1 }
            let moment = Moment(hour: hour, missedWork: missedWork, movesAt: trace.movesAt)
            // It was taken for silent already, as on a holiday, and never came back.
            if outcomes.counting.isTold { outcomes.counting.end(moment) }
            if outcomes.dropping.isTold { outcomes.dropping.end(moment) }
            // The hour ends, and is judged.
            rhythms.follow(now + 1)
            guard !outcomes.counting.isTold || !outcomes.dropping.isTold, let rhythm = rhythms.sources[label] else { continue }
            let judgement = rhythm.judgement
            guard judgement != .usual, let since = rhythm.absentSince else { continue }
            let isTrue = trace.kind == .fading && hour > 250 * 24
            if !outcomes.counting.isTold {
                let candidates = rank(scanners, knocks, movedTo, rhythm, since, now + 1)
                if judgement == .silent || candidates.contains(where: \.isStriking) {
                    outcomes.counting.tell(moment, isTrue: isTrue)
                    outcomes.counting.isFound = hasMoved && candidates.contains { $0.address == movedTo }
                }
            }
            if !outcomes.dropping.isTold, judgement == .silent { outcomes.dropping.tell(moment, isTrue: isTrue) }
            if outcomes.counting.hours != nil, outcomes.dropping.hours != nil { break }
        }
        return outcomes
    }

    fileprivate struct Moment {
        var hour: Int64
        var missedWork: Int
        var movesAt: Int64?
    }

    private func rank(
        _ scanners: Scanners, _ knocks: [(hour: Int64, count: Int64)], _ movedTo: PeerAddress, _ rhythm: Rhythm, _ since: Int64,
        _ now: Int64
    ) -> [Candidate] {
        var all = scanners.knocks(since: since, now: now)
        let own = knocks.filter { $0.hour >= since }
        if !own.isEmpty { all.append(Knocks(address: movedTo, hours: own, isKnown: false)) }
        return CandidateRanking.rank(all, own: [oldAddress].compactMap(\.self), rhythm: rhythm, since: since, now: now)
    }

    /// The weather at a door: addresses that knock once, and ten a month that go on for 6 to 72 hours.
    private struct Scanners {
        private var random: SeededNumbers
        private let persistent: [Range<Int64>]

        init(seed: UInt64) {
            var random = SeededNumbers(seed: seed &+ 7_919)
            persistent = (0..<120).map { _ in
                let begin = VendorTrace.start + Int64(random.unit() * Double(VendorTrace.hoursOfYear))
                return begin..<begin + 6 + Int64(random.unit() * 66)
            }
            self.random = random
        }

        /// In one hour of a hundred nobody does.
        mutating func knock(in hour: Int64) -> Bool { random.unit() < 0.99 }

        func knocks(since: Int64, now: Int64) -> [Knocks] {
            var random = SeededNumbers(seed: UInt64(bitPattern: since) &* 31 &+ UInt64(bitPattern: now))
            var all: [Knocks] = []
            for (index, scanner) in persistent.enumerated() where scanner.lowerBound < now && scanner.upperBound > since {
                let hours = (max(scanner.lowerBound, since)..<min(scanner.upperBound, now)).map { (hour: $0, count: Int64(1 + index % 9)) }
                let address = PeerAddress(ipv4: 0xc633_6400 + UInt32(index))
                all.append(Knocks(address: address, hours: hours, isKnown: scanner.lowerBound < since))
            }
            for _ in 0..<20 {
                let hour = since + Int64(random.unit() * Double(max(1, now - since)))
                let address = PeerAddress(ipv4: 0x6440_0000 + UInt32(random.unit() * 1_000_000))
                all.append(Knocks(address: address, hours: [(hour, 1)], isKnown: random.unit() < 0.3))
            }
            return all
        }
    }
}

extension VigilSimulation.Outcome {
    fileprivate mutating func tell(_ moment: VigilSimulation.Moment, isTrue: Bool) {
        isTold = true
        guard let movesAt = moment.movesAt, movesAt <= moment.hour else {
            if !isTrue { falseAlarms += 1 }
            return
        }
        end(moment)
    }

    /// Nothing is waited for any more, once it has moved and is missed.
    fileprivate mutating func end(_ moment: VigilSimulation.Moment) {
        guard hours == nil, let movesAt = moment.movesAt, movesAt <= moment.hour else { return }
        (workingHours, hours) = (moment.missedWork, moment.hour + 1 - movesAt)
    }
}
