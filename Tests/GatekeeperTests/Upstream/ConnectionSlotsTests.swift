import Synchronization
import Testing

@testable import Gatekeeper

/// Places for connections, shared among sources, counted by several threads at once.
struct ConnectionSlotsTests {
    private let now = Instant(nanoseconds: 1_000_000_000)

    private func client(_ number: UInt32) -> PeerAddress { PeerAddress(ipv4: 0x0a00_0000 + number) }

    /// As many as it gets.
    private func fill(_ slots: ConnectionSlots, by source: PeerAddress) -> Int {
        var count = 0
        while slots.take(for: source, worker: 0) { count += 1 }
        return count
    }

    @Test("there are so many and no more, and one that is given back is there again")
    func bound() {
        let slots = ConnectionSlots(connectionsMax: 2, waitingMax: 1)
        #expect(slots.take(for: client(1), worker: 0) && slots.take(for: client(2), worker: 0))
        #expect(!slots.take(for: client(3), worker: 0))
        slots.give(back: client(2), worker: 0)
        #expect(slots.take(for: client(3), worker: 0))
        #expect(!slots.take(for: client(2), worker: 0))
        #expect(slots.count == 2)
    }

    @Test(
        "however many one source wants, others find places: it holds three times at most what is left, and never the last",
        arguments: [(1, 1), (2, 1), (3, 2), (4, 3), (8, 6), (256, 192)])
    func share(connectionsMax: Int, share: Int) {
        let slots = ConnectionSlots(connectionsMax: connectionsMax, waitingMax: 0)
        #expect(fill(slots, by: client(1)) == share)
        #expect(slots.take(for: client(2), worker: 0) == (connectionsMax > 1))
    }

    @Test("however many one source sends, others can wait, too", arguments: [(1, 1), (2, 1), (4, 3), (100, 75), (10_000, 7_500)])
    func queueShare(waitingMax: Int, share: Int) {
        let slots = ConnectionSlots(connectionsMax: 1, waitingMax: waitingMax)
        #expect(slots.take(for: client(9), worker: 0))
        var count = 0
        while slots.enqueue(client(1), worker: 0, now: now) != nil { count += 1 }
        #expect(count == share)
        #expect((slots.enqueue(client(2), worker: 0, now: now) != nil) == (waitingMax > 1))
    }

    @Test("those who come later get less at first, and as much as the first when places change hands")
    func evens() {
        let slots = ConnectionSlots(connectionsMax: 256, waitingMax: 1_000)
        #expect(fill(slots, by: client(1)) == 192)
        #expect(fill(slots, by: client(2)) == 48)
        // Both want more than they have; one by one the places of the first come free.
        for _ in 1...200 {
            #expect(slots.enqueue(client(1), worker: 0, now: now) != nil)
            #expect(slots.enqueue(client(2), worker: 1, now: now) != nil)
        }
        var held = [192, 48]
        for _ in 1...150 {
            slots.give(back: client(1), worker: 0)
            held[0] += slots.takeGranted(worker: 0).count - 1
            held[1] += slots.takeGranted(worker: 1).count
        }
        #expect(abs(held[0] - held[1]) <= 4 && held[0] + held[1] >= 216, "\(held)")
    }

    @Test("sources take turns, within each first come first served, whatever worker they wait with")
    func turns() throws {
        let slots = ConnectionSlots(connectionsMax: 1, waitingMax: 10)
        #expect(slots.take(for: client(9), worker: 0))
        let first = try (0...2).map { try #require(slots.enqueue(client(1), worker: $0 % 2, now: now)) }
        let second = try #require(slots.enqueue(client(2), worker: 1, now: now))
        var order: [UInt64] = []
        var holder = client(9)
        for next in [client(1), client(2), client(1), client(1)] {
            slots.give(back: holder, worker: 0)
            order += slots.takeGranted(worker: 0) + slots.takeGranted(worker: 1)
            holder = next
        }
        #expect(order == [first[0], second, first[1], first[2]])
        #expect(!slots.isContended)
    }

    @Test("a connection goes on with the next request of its own source and worker, else its slot goes to whose turn it is")
    func handOver() throws {
        let slots = ConnectionSlots(connectionsMax: 2, waitingMax: 10)
        #expect(slots.take(for: client(1), worker: 0) && slots.take(for: client(2), worker: 0))
        let own = try #require(slots.enqueue(client(1), worker: 0, now: now))
        let elsewhere = try #require(slots.enqueue(client(1), worker: 1, now: now))
        let other = try #require(slots.enqueue(client(3), worker: 0, now: now))
        #expect(slots.handOver(from: client(1), worker: 0, now: now) == .ticket(own))
        #expect(slots.handOver(from: client(1), worker: 0, now: now) == .passedOn)
        #expect(slots.takeGranted(worker: 0) == [other])
        #expect(slots.handOver(from: client(3), worker: 0, now: now) == .passedOn)
        #expect(slots.takeGranted(worker: 1) == [elsewhere])
        #expect(slots.handOver(from: client(1), worker: 1, now: now) == .nobody)
        #expect(slots.count == 2)
    }

    @Test("a request of the connection's own worker goes before an older one of its source, until that has been passed too often")
    func overtaking() throws {
        let slots = ConnectionSlots(connectionsMax: 1, waitingMax: 1_000)
        #expect(slots.take(for: client(1), worker: 0))
        let oldest = try #require(slots.enqueue(client(1), worker: 1, now: now))
        let own = try (0..<256).map { _ in try #require(slots.enqueue(client(1), worker: 0, now: now)) }
        let late = try #require(slots.enqueue(client(1), worker: 0, now: now))
        for ticket in own { #expect(slots.handOver(from: client(1), worker: 0, now: now) == .ticket(ticket)) }
        #expect(slots.handOver(from: client(1), worker: 0, now: now) == .passedOn)
        #expect(slots.takeGranted(worker: 1) == [oldest])
        #expect(slots.handOver(from: client(1), worker: 0, now: now) == .ticket(late))
    }

    @Test("where only another worker's requests wait, a connection stays for a moment if they have some of their own that will come free")
    func staying() throws {
        let slots = ConnectionSlots(connectionsMax: 4, waitingMax: 10)
        for worker in [0, 1, 1] { #expect(slots.take(for: client(1), worker: worker)) }
        let waiting = try (0...1).map { _ in try #require(slots.enqueue(client(1), worker: 1, now: now)) }
        let soon = now.advanced(byMilliseconds: 24)
        #expect(slots.handOver(from: client(1), worker: 0, now: soon) == .nobody)
        #expect(slots.handOver(from: client(1), worker: 1, now: soon) == .ticket(waiting[0]))
        #expect(slots.handOver(from: client(1), worker: 0, now: now.advanced(byMilliseconds: 25)) == .passedOn)
        #expect(slots.takeGranted(worker: 1) == [waiting[1]])
        #expect(slots.count == 3)
    }

    @Test("it doesn't stay where another source waits, too", arguments: [false, true])
    func stayingAmongSources(othersWait: Bool) throws {
        let slots = ConnectionSlots(connectionsMax: 8, waitingMax: 10)
        for _ in 1...4 { #expect(slots.take(for: client(1), worker: 0)) }
        for _ in 1...3 { #expect(slots.take(for: client(2), worker: 1)) }
        _ = try #require(slots.enqueue(client(1), worker: 1, now: now))
        if othersWait { _ = try #require(slots.enqueue(client(2), worker: 1, now: now)) }
        #expect(slots.handOver(from: client(1), worker: 0, now: now) == (othersWait ? .passedOn : .nobody))
    }

    @Test("a worker without a connection is given the first that comes free")
    func firstOfAWorker() throws {
        let slots = ConnectionSlots(connectionsMax: 4, waitingMax: 10)
        #expect(fill(slots, by: client(1)) == 3)
        let waiting = try #require(slots.enqueue(client(1), worker: 1, now: now))
        #expect(slots.handOver(from: client(1), worker: 0, now: now) == .passedOn)
        #expect(slots.takeGranted(worker: 1) == [waiting])
        // What it has been given counts as its own.
        _ = try #require(slots.enqueue(client(1), worker: 1, now: now))
        #expect(slots.handOver(from: client(1), worker: 0, now: now) == .nobody)
    }

    @Test("who finds its share taken by its own waiting requests waits behind them")
    func noOvertaking() throws {
        let slots = ConnectionSlots(connectionsMax: 4, waitingMax: 10)
        #expect(fill(slots, by: client(1)) == 3)
        let ticket = try #require(slots.enqueue(client(1), worker: 0, now: now))
        #expect(slots.leave(ticket, of: client(1), worker: 0))
        _ = try #require(slots.enqueue(client(1), worker: 0, now: now))
        #expect(!slots.take(for: client(1), worker: 0))
        #expect(slots.take(for: client(2), worker: 0))
    }

    @Test("as many may wait as may; who leaves is none of them, and whoever was granted a slot meanwhile keeps it")
    func waiting() throws {
        let slots = ConnectionSlots(connectionsMax: 1, waitingMax: 1)
        let rings = Counter()
        slots.register(worker: 0) { rings.count.add(1, ordering: .relaxed) }
        #expect(slots.take(for: client(1), worker: 0))
        slots.give(back: client(1), worker: 0)
        #expect(rings.count.load(ordering: .relaxed) == 0)
        #expect(slots.take(for: client(1), worker: 0))
        var ticket = try #require(slots.enqueue(client(2), worker: 0, now: now))
        #expect(rings.count.load(ordering: .relaxed) == 1, "idle connections may hold the slot")
        #expect(slots.enqueue(client(3), worker: 0, now: now) == nil)
        #expect(slots.takeGranted(worker: 0).isEmpty)
        #expect(slots.leave(ticket, of: client(2), worker: 0))
        #expect(!slots.isContended)
        ticket = try #require(slots.enqueue(client(2), worker: 0, now: now))
        slots.give(back: client(1), worker: 0)
        #expect(rings.count.load(ordering: .relaxed) == 2, "whoever hasn't looked yet isn't rung again")
        #expect(!slots.leave(ticket, of: client(2), worker: 0))
        #expect(slots.takeGranted(worker: 0).isEmpty)
        #expect(!slots.take(for: client(1), worker: 0), "it holds the slot")
        slots.ring()
        #expect(rings.count.load(ordering: .relaxed) == 3)
        #expect(slots.takeGranted(worker: 0).isEmpty)
        slots.unregister(worker: 0)
        slots.ring()
        #expect(rings.count.load(ordering: .relaxed) == 3)
    }

    private final class Counter: Sendable {
        let count = Atomic(0)
    }

    @Test("threads that take and give never have more than there are")
    func threads() async {
        let slots = ConnectionSlots(connectionsMax: 3, waitingMax: 0)
        let (held, most) = (Counter(), Counter())
        await withTaskGroup { group in
            for number in 1...4 {
                let source = client(UInt32(number))
                group.addTask {
                    for _ in 1...20_000 where slots.take(for: source, worker: 0) {
                        let now = held.count.add(1, ordering: .relaxed).newValue
                        most.count.max(now, ordering: .relaxed)
                        held.count.subtract(1, ordering: .relaxed)
                        slots.give(back: source, worker: 0)
                    }
                }
            }
        }
        #expect((1...3).contains(most.count.load(ordering: .relaxed)))
        #expect(slots.count == 0)
    }
}
