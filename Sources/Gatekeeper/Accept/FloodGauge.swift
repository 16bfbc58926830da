internal import Synchronization

/// How many strangers there were, over all workers, and the bell that they ring when it is one too many.
///
/// A denial costs an addition and a comparison; nothing looks at it in between.
final class FloodGauge: Sendable {
    /// Readable when the alarm was reached.
    var number: Int32 { bell.number }

    private let bell: Bell
    private let deniedCount = Atomic<UInt64>(0)
    private let droppedCount = Atomic<UInt64>(0)
    private let alarm = Atomic<UInt64>(.max)

    init() throws(SystemError) {
        bell = try Bell()
    }

    /// Connections denied and packets dropped since the start.
    var counts: Shield.Counts {
        Shield.Counts(denied: deniedCount.load(ordering: .relaxed), dropped: droppedCount.load(ordering: .relaxed))
    }

    /// A worker turned away a stranger, who isn't listed and came directly.
    func deny() {
        let count = deniedCount.add(1, ordering: .relaxed).newValue
        if count >= alarm.load(ordering: .relaxed) { reach() }
    }

    /// The kernel did so with packets, as a worker has learnt.
    func drop(_ count: UInt64) {
        droppedCount.add(count, ordering: .relaxed)
    }

    /// Rings once when there have been so many denials; nil never. One that comes at this moment may be missed, the next one isn't.
    func setAlarm(at count: UInt64?) {
        bell.silence()
        alarm.store(count ?? .max, ordering: .relaxed)
        if let count, deniedCount.load(ordering: .relaxed) >= count { reach() }
    }

    /// As if the alarm was reached.
    func ring() {
        bell.ring()
    }

    /// Of workers that arrive together one rings.
    private func reach() {
        if alarm.exchange(.max, ordering: .relaxed) != .max { ring() }
    }
}
