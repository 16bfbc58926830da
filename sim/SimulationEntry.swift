import Foundation
import Synchronization

@testable import Gatekeeper

/// Runs seeds, and says which of them fail:
///
/// ```
///   simulate FIRST COUNT [--seconds S] [--failures N] [--progress FILE]    so many seeds, from the first on or where the file says
///   simulate trace SEED                                                    one, with everything that the kernel was asked
/// ```
@main
struct SimulationEntry {
    /// What is running, for whoever asks after a crash.
    private static let current = Atomic<UInt64>(0)

    static func main() throws {
        tellOfCrashes()
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "trace", let seed = arguments.last.flatMap({ UInt64($0) }) {
            let report = try SimulatedWorld.run(seed: seed, sources: SourceCounters()) { print($0) }
            print(describe(report))
            exit(report.failures.isEmpty ? 0 : 1)
        }
        let numbers = arguments.prefix { !$0.hasPrefix("--") }.compactMap { UInt64($0) }
        guard numbers.count == 2 else { fatalError("simulate FIRST COUNT [--seconds S] [--failures N] [--progress FILE]") }
        func option(_ name: String) -> String? { arguments.firstIndex(of: name).map { arguments[$0 + 1] } }
        try run(
            numbers[0], numbers[1], seconds: option("--seconds").flatMap { Double($0) } ?? .infinity,
            failuresMax: option("--failures").flatMap { Int($0) } ?? 10, progress: option("--progress"))
    }

    private static func run(_ first: UInt64, _ count: UInt64, seconds: Double, failuresMax: Int, progress: String?) throws {
        let began = Date()
        var seed = max(first, progress.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }.flatMap { UInt64($0) } ?? first)
        let start = seed
        let sources = SourceCounters()
        var (failed, requests, served, turns) = (0, 0, 0, 0)
        while seed < first + count, failed < failuresMax, Date().timeIntervalSince(began) < seconds {
            current.store(seed, ordering: .relaxed)
            let report = try SimulatedWorld.run(seed: seed, sources: sources)
            seed += 1
            requests += report.requests
            served += report.served
            turns += report.turns
            if !report.failures.isEmpty {
                failed += 1
                print(
                    "seed \(report.seed): \(report.failures[0])\(report.failures.count > 1 ? ", and \(report.failures.count - 1) more" : "")"
                )
            }
            if seed % 500 == 0, failed == 0, let progress { try "\(seed)".write(toFile: progress, atomically: true, encoding: .utf8) }
        }
        let time = Date().timeIntervalSince(began)
        print(
            "seeds \(start) to \(seed - 1): \(failed) failed; \(requests) requests, \(served) served, \(turns) turns; "
                + "\(Int(Double(seed - start) / time)) seeds a second")
        if failed == 0, let progress { try "\(seed)".write(toFile: progress, atomically: true, encoding: .utf8) }
        exit(failed == 0 ? 0 : 1)
    }

    /// A trap of the core is a failure of the seed in which it traps.
    private static func tellOfCrashes() {
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT] {
            signal(number) { _ in
                var (rest, digits) = (SimulationEntry.current.load(ordering: .relaxed), [UInt8]())
                repeat {
                    digits.insert(UInt8(ascii: "0") + UInt8(rest % 10), at: 0)
                    rest /= 10
                } while rest > 0
                let text = Array("seed ".utf8) + digits + Array(": it traps\n".utf8)
                write(1, text, text.count)
                _exit(1)
            }
        }
    }

    private static func describe(_ report: SimulatedWorld.Report) -> String {
        "seed \(report.seed), \(report.isCalm ? "calm" : "rough"): \(report.requests) requests, \(report.served) served, "
            + "\(report.turns) turns, fingerprint \(report.fingerprint): "
            + (report.failures.isEmpty ? "in order" : report.failures.joined(separator: "\n  "))
    }
}
