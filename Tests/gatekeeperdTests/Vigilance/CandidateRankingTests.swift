import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Candidates")
struct CandidateRankingTests {
    private let start = VendorTrace.start + 4 * 7 * 24
    private let rhythm: Rhythm
    private let since: Int64

    /// Five weeks of a vendor that comes from 8 to 17 each day, with five requests an hour; silent from 17 o'clock on.
    init() {
        var rhythm = Rhythm()
        since = start + 35 * 24 + 17
        for hour in start..<since { rhythm.close(hour, requests: (8..<17).contains(hour % 24) ? 5 : 0) }
        self.rhythm = rhythm
    }

    private func knocks(_ address: String, _ hours: [Int64], _ count: Int64 = 5, isKnown: Bool = false) throws -> Knocks {
        Knocks(address: try PeerAddress(parsing: address), hours: hours.map { ($0, count) }, isKnown: isKnown)
    }

    private func rank(_ knocks: Knocks..., hours: Int64 = 26) throws -> [Candidate] {
        CandidateRanking.rank(
            knocks, own: [try AddressPrefix(parsing: "192.0.2.7"), try AddressPrefix(parsing: "2001:db8:1::7")], rhythm: rhythm,
            since: since,
            now: since + hours)
    }

    private var work: [Int64] { (since..<since + 24).filter { (8..<17).contains($0 % 24) } }

    @Test("who knocks in the source's hours and began with the silence comes before those who knock all day, once, or as ever")
    func order() throws {
        let ranked = try rank(
            knocks("198.51.100.1", Array(since..<since + 24)), knocks("198.51.100.2", [since + 3]),
            knocks("198.51.100.3", work, isKnown: true),
            knocks("198.51.100.4", work))
        #expect(ranked.first?.address.description == "198.51.100.4")
        #expect(ranked.map(\.isStriking) == [true, false, false, false])
        #expect(ranked.first?.text == "198.51.100.4 (new, 45 times in 9 hours, in its hours)")
    }

    @Test("a neighbour is told as one, of both families")
    func nearness() throws {
        let near = try rank(
            knocks("192.0.2.200", [since + 16]), knocks("192.0.3.1", [since + 16]), knocks("2001:db8:1:5::1", [since + 16]),
            knocks("203.0.113.1", [since + 16]))
        let words = Dictionary(uniqueKeysWithValues: near.map { ($0.address.description, $0.nearness) })
        #expect(words["192.0.2.200"] == "same /24 as 192.0.2.7" && words["192.0.3.1"] == "same /16 as 192.0.2.7")
        #expect(words["2001:db8:1:5::1"] == "same /48 as 2001:db8:1::7" && words["203.0.113.1"] == .some(nil))
        #expect(near.first { $0.address.description == "192.0.2.200" }?.isStriking == true)
    }

    @Test("on the day itself a candidate is striking only if it is near and keeps the hours, for it might be a holiday and a scanner")
    func evening() throws {
        let far = try knocks("198.51.100.4", work)
        let near = try knocks("192.0.2.200", work)
        let once = try knocks("192.0.2.201", [since + 16])
        #expect(try rank(far, near, once, hours: 24).filter(\.isStriking).map(\.address.description) == ["192.0.2.200"])
        #expect(try rank(far, near, once, hours: 26).count(where: \.isStriking) == 3)
        let scanner = try knocks("198.51.100.5", work + [since + 24, since + 25])
        #expect(try rank(scanner, hours: 26).count(where: \.isStriking) == 0)
    }

    @Test("where the source left off amid its work it is no holiday, and three hours of knocks are enough")
    func amidWork() throws {
        var rhythm = rhythm
        let noon = since + 19
        for hour in since..<noon { rhythm.close(hour, requests: (8..<12).contains(hour % 24) ? 5 : 0) }
        #expect(!rhythm.isMissedAmidWork)
        for hour in noon..<noon + 4 { rhythm.close(hour, requests: 0) }
        #expect(rhythm.isMissedAmidWork)
        let candidate = try knocks("198.51.100.4", Array(noon..<noon + 4))
        let brief = try knocks("198.51.100.5", Array(noon..<noon + 2))
        let ranked = CandidateRanking.rank([candidate, brief], own: [], rhythm: rhythm, since: noon, now: noon + 4)
        #expect(ranked.filter(\.isStriking).map(\.address.description) == ["198.51.100.4"])
    }

    @Test("so many are shown, and nobody's answer depends on an empty list")
    func bounded() throws {
        let crowd = try (0..<100).map { try knocks("198.51.100.\($0)", [since + 16]) }
        let own = [try AddressPrefix(parsing: "192.0.2.7")]
        let ranked = CandidateRanking.rank(crowd, own: own, rhythm: rhythm, since: since, now: since + 24)
        #expect(ranked.count == CandidateRanking.shownMax)
        #expect(CandidateRanking.rank([], own: own, rhythm: rhythm, since: since, now: since).isEmpty)
        #expect(CandidateRanking.rank([try knocks("192.0.2.8", [])], own: own, rhythm: Rhythm(), since: 0, now: 0).isEmpty)
    }
}
