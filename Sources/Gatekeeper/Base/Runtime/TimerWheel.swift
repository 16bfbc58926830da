/// An entry of a `TimerWheel`: anything that waits for an instant.
package protocol TimerEntry: AnyObject {
    /// When it is due. The owner may move it later at will; moving it earlier needs `schedule`.
    var deadline: Instant { get }
    /// Where the wheel keeps it; the wheel's alone to write.
    var position: TimerPosition? { get set }
}

/// A position in a wheel: which slot, and where in that slot's list.
package struct TimerPosition: Sendable {
    var slot: Int
    var index: Int
}

/// Deadlines by the slot of time they fall into: O(1) to schedule, move and cancel.
///
/// ```
///  slots   [·][·][▓][·][▓][▓][·] … 1024 of 2²⁴ ns (16.8 ms) each, a turn is 17.2 s
///               ↑ cursor: everything behind it has been looked at
/// ```
///
/// Lazy in two ways. A deadline that moved later stays where it is and is put further on when its slot comes up: a keep-alive
/// connection moves its deadline with every request and touches the wheel a few times a minute. A deadline beyond one turn is parked
/// in the farthest slot. Entries fire at most one slot late, never early.
package struct TimerWheel<Entry: TimerEntry> {
    private static var slotCount: Int { 1024 }
    private static var slotShift: UInt64 { 24 }

    private var slots: [[Entry]] = Array(repeating: [], count: slotCount)
    /// A bit per slot that holds something, so that finding the next one is a few instructions.
    private var occupied: [UInt64] = Array(repeating: 0, count: slotCount / 64)
    /// The tick up to which slots have been emptied.
    private var cursor: UInt64
    package private(set) var count = 0

    package init(now: Instant) {
        cursor = now.nanoseconds >> Self.slotShift
    }

    /// Makes sure that `entry` fires at its deadline, or no later than it was scheduled before if that is earlier.
    package mutating func schedule(_ entry: Entry) {
        let tick = tick(for: entry.deadline)
        if let position = entry.position {
            if self.tick(ofSlot: position.slot) <= tick { return }
            remove(entry)
        }
        insert(entry, tick: tick)
    }

    package mutating func cancel(_ entry: Entry) {
        if entry.position != nil { remove(entry) }
    }

    /// Takes out what is due at `now` and hands it to `fire`, which must not touch the wheel.
    package mutating func advance(to now: Instant, fire: (Entry) -> Void) {
        let target = now.nanoseconds >> Self.slotShift
        guard target > cursor else { return }
        // A slot is looked at once its whole span has passed, so what lies in it is due or was parked.
        let turns = min(target - cursor, UInt64(Self.slotCount))
        let first = target - turns
        cursor = target
        guard count > 0 else { return }
        for tick in first..<target {
            let slot = Int(tick % UInt64(Self.slotCount))
            guard !slots[slot].isEmpty else { continue }
            let entries = slots[slot]
            slots[slot].removeAll(keepingCapacity: true)
            occupied[slot / 64] &= ~(1 << UInt64(slot % 64))
            count -= entries.count
            for entry in entries {
                entry.position = nil
                if entry.deadline <= now {
                    fire(entry)
                } else {
                    insert(entry, tick: self.tick(for: entry.deadline))
                }
            }
        }
    }

    /// When `advance` has something to look at next; nil while nothing is scheduled.
    package var nextWake: Instant? {
        guard count > 0 else { return nil }
        let start = Int(cursor % UInt64(Self.slotCount))
        for step in 0...(Self.slotCount / 64) {
            let word = (start / 64 + step) % (Self.slotCount / 64)
            var bits = occupied[word]
            if step == 0 { bits &= ~0 << UInt64(start % 64) }
            if step == Self.slotCount / 64 { bits &= ~(~0 << UInt64(start % 64)) }
            guard bits != 0 else { continue }
            let slot = word * 64 + bits.trailingZeroBitCount
            return Instant(nanoseconds: (tick(ofSlot: slot) + 1) << Self.slotShift)
        }
        return nil
    }

    // MARK: Positions

    private func tick(for deadline: Instant) -> UInt64 {
        min(max(deadline.nanoseconds >> Self.slotShift, cursor), cursor + UInt64(Self.slotCount) - 1)
    }

    /// The tick that a slot stands for now: the first at or after the cursor.
    private func tick(ofSlot slot: Int) -> UInt64 {
        let count = UInt64(Self.slotCount)
        return cursor + (UInt64(slot) + count - cursor % count) % count
    }

    private mutating func insert(_ entry: Entry, tick: UInt64) {
        let slot = Int(tick % UInt64(Self.slotCount))
        entry.position = TimerPosition(slot: slot, index: slots[slot].count)
        slots[slot].append(entry)
        occupied[slot / 64] |= 1 << UInt64(slot % 64)
        count += 1
    }

    private mutating func remove(_ entry: Entry) {
        guard let position = entry.position else { return }
        entry.position = nil
        let last = slots[position.slot].removeLast()
        if last !== entry {
            slots[position.slot][position.index] = last
            last.position = position
        }
        if slots[position.slot].isEmpty { occupied[position.slot / 64] &= ~(1 << UInt64(position.slot % 64)) }
        count -= 1
    }
}
