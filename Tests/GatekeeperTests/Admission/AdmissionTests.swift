import Testing

@testable import Gatekeeper

struct AdmissionTests {
    private let listed = PeerAddress(ipv4: 0x7f00_0002)
    private let other = PeerAddress(ipv4: 0x7f00_0003)
    private let stranger = PeerAddress(ipv4: 0x7f00_0009)

    @Test("a listed address is admitted by its entry, a stranger is denied")
    func list() {
        let admission = makeAdmission()
        #expect(admission.decide(listed, nowUnixSeconds: 0) == .admitted(entry: 0))
        #expect(admission.decide(other, nowUnixSeconds: 0) == .admitted(entry: 1))
        #expect(admission.decide(stranger, nowUnixSeconds: 0) == .denied(.notListed))
    }

    @Test("a source whose entry has ended is denied for that reason, and takes no place")
    func ended() {
        var entry = Settings.AllowEntry(prefix: AddressPrefix(listed))
        entry.endsAtUnixSeconds = 100
        let counters = SourceCounters(hash: AddressHash(seed: 1))
        let admission = Admission(AllowList([entry]), limits: Settings.Limits(), counters: counters)
        #expect(admission.decide(listed, nowUnixSeconds: 100) == .denied(.expired))
        #expect(counters.connections == 0)
        #expect(admission.decide(listed, nowUnixSeconds: 99) == .admitted(entry: 0))
    }

    @Test("a source at its limit is denied until one of its connections ends")
    func perSource() {
        let admission = makeAdmission { $0.connectionsPerSourceMax = 2 }
        #expect(admission.decide(listed, nowUnixSeconds: 0) == .admitted(entry: 0))
        #expect(admission.decide(listed, nowUnixSeconds: 0) == .admitted(entry: 0))
        #expect(admission.decide(listed, nowUnixSeconds: 0) == .denied(.connectionsPerSource))
        #expect(admission.decide(other, nowUnixSeconds: 0) == .admitted(entry: 1))
        admission.release(listed, listedBy: AddressPrefix(listed))
        #expect(admission.decide(listed, nowUnixSeconds: 0) == .admitted(entry: 0))
    }

    @Test("when all places are taken a listed address is denied, and a stranger still learns nothing but that he isn't listed")
    func full() {
        let admission = makeAdmission { $0.connectionsMax = 1 }
        #expect(admission.decide(listed, nowUnixSeconds: 0) == .admitted(entry: 0))
        #expect(admission.decide(other, nowUnixSeconds: 0) == .denied(.connections))
        #expect(admission.decide(stranger, nowUnixSeconds: 0) == .denied(.notListed))
        admission.release(listed, listedBy: AddressPrefix(listed))
        #expect(admission.decide(other, nowUnixSeconds: 0) == .admitted(entry: 1))
    }

    @Test("a denied connection takes no place")
    func denialsDontCount() {
        let counters = SourceCounters(hash: AddressHash(seed: 1))
        let admission = makeAdmission(counters) { $0.connectionsPerSourceMax = 1 }
        _ = admission.decide(listed, nowUnixSeconds: 0)
        for _ in 0..<10 {
            _ = admission.decide(listed, nowUnixSeconds: 0)
            _ = admission.decide(stranger, nowUnixSeconds: 0)
        }
        #expect(counters.connections == 1)
    }

    @Test("a limit holds across a reload")
    func reload() {
        let counters = SourceCounters(hash: AddressHash(seed: 1))
        let before = makeAdmission(counters) { $0.connectionsPerSourceMax = 1 }
        #expect(before.decide(listed, nowUnixSeconds: 0) == .admitted(entry: 0))
        let after = makeAdmission(counters) { $0.connectionsPerSourceMax = 1 }
        #expect(after.decide(listed, nowUnixSeconds: 0) == .denied(.connectionsPerSource))
        before.release(listed, listedBy: AddressPrefix(listed))
        #expect(after.decide(listed, nowUnixSeconds: 0) == .admitted(entry: 0))
    }

    @Test("workers that accept at the same moment don't pass a limit together")
    func concurrent() async {
        let counters = SourceCounters()
        let admission = makeAdmission(counters) { $0.connectionsPerSourceMax = 100 }
        let peer = listed
        let admitted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    (0..<1_000).count { _ in admission.decide(peer, nowUnixSeconds: 0) == .admitted(entry: 0) }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(admitted == 100)
        #expect(counters.connections == 100)
        for _ in 0..<100 { admission.release(peer, listedBy: AddressPrefix(peer)) }
        #expect(counters.connections == 0)
    }

    @Test("what is let go is what was counted, whichever address of a network's it came from")
    func network() throws {
        let counters = SourceCounters(hash: AddressHash(seed: 1))
        let prefix = try AddressPrefix(parsing: "2001:db8::/32")
        let admission = Admission(AllowList([Settings.AllowEntry(prefix: prefix)]), limits: Settings.Limits(), counters: counters)
        let peer = try PeerAddress(parsing: "2001:db8::1234:5678")
        for _ in 1...3 {
            #expect(admission.decide(peer, nowUnixSeconds: 0) == .admitted(entry: 0))
            admission.release(peer, listedBy: prefix)
        }
        #expect(counters.connections == 0)
    }

    private func makeAdmission(
        _ counters: SourceCounters = SourceCounters(hash: AddressHash(seed: 1)), _ adjust: (inout Settings.Limits) -> Void = { _ in }
    ) -> Admission {
        var limits = Settings.Limits()
        adjust(&limits)
        let entries = [listed, other].map { Settings.AllowEntry(prefix: AddressPrefix($0)) }
        return Admission(AllowList(entries), limits: limits, counters: counters)
    }
}
