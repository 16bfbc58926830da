/// What is to happen in a simulation, by the moment at which it does; of one moment, in the order in which it was planned.
final class Agenda {
    private struct Entry {
        let nanoseconds: UInt64
        let number: UInt64
        let action: () -> Void

        func isBefore(_ other: Entry) -> Bool { (nanoseconds, number) < (other.nanoseconds, other.number) }
    }

    /// A heap: each entry is before those at twice its place.
    private var heap: [Entry] = []
    private var count: UInt64 = 0

    /// When something happens next; nil when nothing ever will.
    var next: UInt64? { heap.first?.nanoseconds }

    func plan(at nanoseconds: UInt64, _ action: @escaping () -> Void) {
        count += 1
        heap.append(Entry(nanoseconds: nanoseconds, number: count, action: action))
        var index = heap.count - 1
        while index > 0, heap[index].isBefore(heap[(index - 1) / 2]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    /// Does everything that is due by then.
    func run(until nanoseconds: UInt64) {
        while let first = heap.first, first.nanoseconds <= nanoseconds {
            removeFirst()
            first.action()
        }
    }

    func clear() {
        heap = []
    }

    private func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < heap.count && heap[child].isBefore(heap[least]) { least = child }
            guard least != index else { return }
            heap.swapAt(index, least)
            index = least
        }
    }
}
