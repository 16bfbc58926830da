import Testing

@testable import Gatekeeper

struct DenialCountsTests {
    private let peer = PeerAddress(ipv4: 0xcb00_7109)

    private func isReadable(_ counts: DenialCounts) -> Bool { System.waitReadable(counts.number, milliseconds: 0) }

    @Test("denials of one source and reason are one summary, with the first and the last moment")
    func oneSource() throws {
        let counts = try DenialCounts()
        for moment in [20, 10, 30] { counts.count(peer, reason: .notListed, wallMilliseconds: Int64(moment)) }
        #expect(
            counts.take() == [
                DenialSummary(peer: peer, reason: .notListed, count: 3, firstMilliseconds: 10, lastMilliseconds: 30, sources: 1)
            ])
        #expect(counts.take() == [])
    }

    @Test("under many sources memory is bounded, and every denial is in exactly one summary")
    func manySources() throws {
        let counts = try DenialCounts(sourcesMax: 100)
        for index in 0..<30_000 {
            counts.count(
                PeerAddress(ipv4: UInt32(index % 5_000)), reason: index % 3 == 0 ? .expired : .notListed, wallMilliseconds: Int64(index))
        }
        counts.countUnseen(7, reason: .connections, wallMilliseconds: 1)
        counts.countUnseen(0, reason: .descriptors, wallMilliseconds: 1)
        let summaries = counts.take()
        #expect(summaries.count { $0.peer != nil } == 100)
        #expect(summaries.count { $0.peer == nil } == 3)
        #expect(summaries.reduce(0) { $0 + $1.count } == 30_007)
        #expect(summaries.filter { $0.reason == .expired }.reduce(0) { $0 + $1.count } == 10_000)
        let others = try #require(summaries.first { $0.peer == nil && $0.reason == .notListed })
        #expect((4_300...5_600).contains(others.sources))
        #expect(summaries.first { $0.reason == .connections }?.sources == 0)
    }

    @Test("what is put back is counted with what came meanwhile, within the same bounds")
    func puttingBack() throws {
        let counts = try DenialCounts(sourcesMax: 10)
        for index in 0..<20 { counts.count(PeerAddress(ipv4: UInt32(index)), reason: .notListed, wallMilliseconds: Int64(index)) }
        let taken = counts.take()
        for index in 100..<105 { counts.count(PeerAddress(ipv4: UInt32(index)), reason: .notListed, wallMilliseconds: Int64(index)) }
        counts.putBack(taken)
        let summaries = counts.take()
        #expect(summaries.count == 11)
        #expect(summaries.reduce(0) { $0 + $1.count } == 25)
        #expect(summaries.map(\.firstMilliseconds).min() == 0)
    }

    @Test("the descriptor is readable exactly while there is something to take")
    func readability() throws {
        let counts = try DenialCounts()
        #expect(!isReadable(counts))
        counts.count(peer, reason: .notListed, wallMilliseconds: 1)
        #expect(isReadable(counts))
        let taken = counts.take()
        #expect(!isReadable(counts))
        counts.putBack(taken)
        #expect(isReadable(counts))
    }

    @Test("the journal's lines and the counts tell of the same denials")
    func besideTheLog() throws {
        let file = LogFile()
        let inbox = try JournalInbox(workers: 1, ringBytes: 4096, listeners: [])
        var formatter = LogFormatter(inbox: inbox, descriptor: file.descriptor)
        let writer = JournalWriter(ring: inbox.rings[0], signal: inbox.signal, writesAccess: true)
        for index in 0..<500 {
            // More than the ring takes: the rest is counted without an address.
            writer.denied(peer: PeerAddress(ipv4: UInt32(index % 60)), listener: 0, reason: .notListed, wallMilliseconds: 5)
        }
        formatter.finish(now: Instant(nanoseconds: 1), wallMilliseconds: 6) { true }
        let logged = try file.lines().reduce(0) { $0 + ($1["count"] as? Int ?? 0) }
        #expect(logged == 500)
        let summaries = inbox.denials.take()
        #expect(summaries.reduce(0) { $0 + $1.count } == 500)
        #expect(summaries.contains { $0.peer == nil })
    }
}
