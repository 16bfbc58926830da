import CMallocCount
import Glibc

/// Repeats a piece of work and says what one repetition costs.
enum Stopwatch {
    struct Figure {
        var nanoseconds: Double
        /// By this thread, in all rounds together.
        var allocations: Int
    }

    /// The median over `rounds` of the time for `count` repetitions, divided by `count`.
    static func measure(rounds: Int = 9, count: Int, _ work: () -> Void) -> Figure {
        var times = [Double](repeating: 0, count: rounds)
        work()
        let before = cmalloccount_thread()
        for round in 0..<rounds {
            let start = now()
            work()
            times[round] = Double(now() - start) / Double(count)
        }
        let after = cmalloccount_thread()
        return Figure(nanoseconds: times.sorted()[rounds / 2], allocations: Int(after - before))
    }

    private static func now() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

extension String {
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

extension Double {
    /// One decimal.
    var short: String { "\((self * 10).rounded() / 10)" }
}
