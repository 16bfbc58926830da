/// The rhythms of all sources that the door knows, and the hour that goes on.
///
/// What the hour says is judged when it is over: an hour in which the door ran for less than three quarters, in which nobody at all could be
/// heard, or which the calendar has jumped over, is none.
struct Rhythms: Equatable, Sendable {
    /// Sources beyond aren't followed.
    static let sourcesMax = 512
    static let labelBytesMax = 128
    private static let runSecondsMin: Int64 = 2_700
    /// A calendar that is set back by less is followed by waiting.
    private static let rewindHours: Int64 = 2

    private(set) var sources: [String: Rhythm] = [:]
    private var hearing = Hearing()
    /// The hour that goes on; nil before the first.
    private(set) var hour: Int64?
    private var current: [String: UInt64] = [:]
    private var runMilliseconds: Int64 = 0
    private var heardStrangers = false

    // MARK: Within the hour

    /// - Returns: false for a source that isn't followed.
    @discardableResult
    mutating func count(_ requests: UInt64, of label: String) -> Bool {
        guard requests > 0, let hour else { return false }
        guard sources[label] != nil || sources.count < Self.sourcesMax && label.utf8.count <= Self.labelBytesMax else { return false }
        current[label, default: 0] &+= requests
        sources[label, default: Rhythm()].comeBack(in: hour)
        return true
    }

    mutating func hearStrangers() { heardStrangers = true }

    mutating func run(milliseconds: Int64) { runMilliseconds &+= max(0, milliseconds) }

    // MARK: Hours

    /// It is this hour now: those before it are over.
    ///
    /// - Returns: whether an hour has ended, so that sources can be judged anew.
    @discardableResult
    mutating func follow(_ now: Int64) -> Bool {
        guard let hour else {
            self.hour = now
            return false
        }
        if now < hour {
            guard hour - now > Self.rewindHours else { return false }
            for label in sources.keys { sources[label]?.rewind(to: now - 1) }
            begin(now)
            return false
        }
        guard now > hour else { return false }
        close(hour)
        begin(now)
        return true
    }

    private mutating func begin(_ hour: Int64) {
        self.hour = hour
        current = [:]
        runMilliseconds = 0
        heardStrangers = false
    }

    private mutating func close(_ hour: Int64) {
        let hasRun = runMilliseconds >= Self.runSecondsMin * 1000
        let isHeard = hasRun && !isDeaf(hour)
        if isHeard { hearing.close(hour, strangers: heardStrangers, sources: !current.isEmpty) } else if hasRun { hearing.closeDeaf() }
        let rest = RestDays.extent(of: max(0, hour) / 24)
        var index = sources.startIndex
        while index != sources.endIndex {
            let requests = current[sources.keys[index]] ?? 0
            // Who has come has come, however short the hour was. In place: a copy of every rhythm each hour would be the most of the work.
            sources.values[index].close(hour, requests: isHeard || requests > 0 ? requests : nil, rest: rest)
            sources.formIndex(after: &index)
        }
    }

    /// Nobody came, where strangers always do, or where it is the habit of more than one source to come.
    private func isDeaf(_ hour: Int64) -> Bool {
        guard current.isEmpty, !heardStrangers, !hearing.isOutageOver else { return false }
        if hearing.expectsStrangers { return true }
        let slot = Rhythm.slot(hour)
        return sources.values.count { $0.chance(at: slot) >= 0.5 && $0.isHabit } > 1
    }

    /// Sources that left the list are forgotten.
    mutating func keep(_ isListed: (String) -> Bool) {
        for label in sources.keys where !isListed(label) {
            sources[label] = nil
            current[label] = nil
        }
    }

    // MARK: After a restart

    /// An hour that a former process has written down, the oldest first; the one that goes on last.
    mutating func restore(_ hour: Int64, runMilliseconds: Int64, strangers: Bool, requests: [String: UInt64]) {
        follow(hour)
        run(milliseconds: runMilliseconds)
        if strangers { hearStrangers() }
        for (label, count) in requests { self.count(count, of: label) }
    }
}
