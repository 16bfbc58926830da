import Synchronization
import Testing

@testable import Gatekeeper

/// Places for connections, counted by several threads at once.
struct ConnectionSlotsTests {
    @Test("there are so many and no more, and one that is given back is there again")
    func bound() {
        let slots = ConnectionSlots(connectionsMax: 2, waitingMax: 1)
        #expect(slots.take() && slots.take())
        #expect(!slots.take())
        slots.give()
        #expect(slots.take())
        #expect(!slots.take())
    }

    @Test("as many may wait as may, and whoever gives a place back rings while somebody does")
    func waiting() {
        let slots = ConnectionSlots(connectionsMax: 1, waitingMax: 1)
        let rings = Counter()
        slots.register(worker: 0) { rings.count.add(1, ordering: .relaxed) }
        #expect(slots.take())
        slots.give()
        #expect(rings.count.load(ordering: .relaxed) == 0)
        #expect(slots.take())
        #expect(slots.beginWaiting())
        #expect(!slots.beginWaiting())
        slots.give()
        #expect(rings.count.load(ordering: .relaxed) == 1)
        slots.endWaiting()
        #expect(!slots.isContended)
        slots.unregister(worker: 0)
        slots.ring()
        #expect(rings.count.load(ordering: .relaxed) == 1)
    }

    private final class Counter: Sendable {
        let count = Atomic(0)
    }

    @Test("threads that take and give never have more than there are")
    func threads() async {
        let slots = ConnectionSlots(connectionsMax: 3, waitingMax: 0)
        let (held, most) = (Counter(), Counter())
        await withTaskGroup { group in
            for _ in 1...4 {
                group.addTask {
                    for _ in 1...20_000 where slots.take() {
                        let now = held.count.add(1, ordering: .relaxed).newValue
                        most.count.max(now, ordering: .relaxed)
                        held.count.subtract(1, ordering: .relaxed)
                        slots.give()
                    }
                }
            }
        }
        #expect((1...3).contains(most.count.load(ordering: .relaxed)))
        #expect(slots.take() && slots.take() && slots.take() && !slots.take())
    }
}
