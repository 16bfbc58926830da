import Synchronization
import Testing

@testable import Gatekeeper

struct SourceRatesTests {
    private let rates = SourceRates(hash: AddressHash(seed: 1))

    private func take(_ peer: String, by entry: String, _ rate: Rate, at now: Instant = Instant(nanoseconds: 9)) throws -> UInt64? {
        rates.charge(try PeerAddress(parsing: peer), listedBy: try AddressPrefix(parsing: entry), rate: rate, now: now)
    }

    @Test(
        "a wait is told in whole seconds, and never as none",
        arguments: [
            (Rate(count: 3, perMilliseconds: 60_000), 20), (Rate(count: 7, perMilliseconds: 60_000), 9),
            (Rate(count: 50, perMilliseconds: 1_000), 1),
        ] as [(Rate, UInt64)])
    func seconds(rate: Rate, seconds: UInt64) throws {
        for _ in 0..<rate.count { #expect(try take("10.0.0.1", by: "10.0.0.1", rate) == nil) }
        #expect(try take("10.0.0.1", by: "10.0.0.1", rate) == seconds)
        #expect(try take("10.0.0.2", by: "10.0.0.2", rate) == nil)
    }

    @Test(
        "an address of IPv4 is a source, whatever listed it; of IPv6 it is what one host can't leave",
        arguments: [
            ("10.0.0.1", "10.0.0.1", "10.0.0.1"), ("10.0.0.1", "10.0.0.0/8", "10.0.0.1"), ("10.0.0.1", "0.0.0.0/0", "10.0.0.1"),
            ("2001:db8:1:2::3", "2001:db8:1:2::3", "2001:db8:1:2::3"), ("2001:db8:1:2::3", "2001:db8:1:2::/64", "2001:db8:1:2::"),
            ("2001:db8:1:2::3", "2001:db8::/32", "2001:db8:1:2::"), ("2001:db8:1:2::3", "::/0", "2001:db8:1:2::"),
            ("2001:db8:1:2::13", "2001:db8:1:2::10/124", "2001:db8:1:2::10"),
        ])
    func sources(peer: String, entry: String, source: String) throws {
        let found = try PeerAddress(parsing: peer).source(listedBy: AddressPrefix(parsing: entry))
        #expect("\(found)" == source)
    }

    @Test("a host can't get more by taking other addresses of its network, and doesn't pay for the network beside it")
    func rotation() throws {
        let rate = Rate(count: 3, perMilliseconds: 60_000)
        for host in 1...3 { #expect(try take("2001:db8:0:1::\(host)", by: "2001:db8::/48", rate) == nil) }
        #expect(try take("2001:db8:0:1::4", by: "2001:db8::/48", rate) != nil)
        #expect(try take("2001:db8:0:2::4", by: "2001:db8::/48", rate) == nil)
    }

    @Test("workers that ask at the same time together get what one would get")
    func together() async {
        let peer = PeerAddress(ipv4: 0x0a00_0001)
        let passed = Passed()
        await withTaskGroup { group in
            for worker in 0..<4 {
                group.addTask {
                    for turn in 0..<5_000 {
                        // Each by a clock of its own, within 6 ms: no request comes back in less than 60.
                        let now = Instant(nanoseconds: UInt64(turn * 1_000 + worker * 77))
                        let wait = rates.charge(
                            peer, listedBy: AddressPrefix(peer), rate: Rate(count: 1_000, perMilliseconds: 60_000), now: now)
                        if wait == nil { passed.count.add(1, ordering: .relaxed) }
                    }
                }
            }
        }
        #expect(passed.count.load(ordering: .relaxed) == 1_000)
    }

    private final class Passed: Sendable {
        let count = Atomic(0)
    }
}
