import Testing

@testable import Gatekeeper

struct FloodGaugeTests {
    private func hasRung(_ gauge: FloodGauge) -> Bool {
        System.waitReadable(gauge.number, milliseconds: 0)
    }

    @Test("without an alarm denials are counted and nothing rings")
    func silent() throws {
        let gauge = try FloodGauge()
        for _ in 0..<100 { gauge.deny() }
        gauge.drop(7)
        #expect(gauge.counts == Shield.Counts(denied: 100, dropped: 7))
        #expect(!hasRung(gauge))
    }

    @Test("it rings with the denial that reaches the alarm, and once")
    func rings() throws {
        let gauge = try FloodGauge()
        gauge.setAlarm(at: 3)
        gauge.deny()
        gauge.deny()
        #expect(!hasRung(gauge))
        gauge.deny()
        #expect(hasRung(gauge))
        gauge.setAlarm(at: nil)
        gauge.deny()
        #expect(!hasRung(gauge))
    }

    @Test("an alarm that is reached already rings at once")
    func late() throws {
        let gauge = try FloodGauge()
        for _ in 0..<5 { gauge.deny() }
        gauge.setAlarm(at: 5)
        #expect(hasRung(gauge))
        gauge.setAlarm(at: 6)
        #expect(!hasRung(gauge))
    }

    @Test("packets that were dropped don't ring")
    func dropped() throws {
        let gauge = try FloodGauge()
        gauge.setAlarm(at: 1)
        gauge.drop(1_000)
        #expect(!hasRung(gauge))
    }

    @Test("of many workers that deny at once none is lost, and the alarm rings")
    func together() async throws {
        let gauge = try FloodGauge()
        gauge.setAlarm(at: 1_999)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { for _ in 0..<500 { gauge.deny() } } }
        }
        #expect(gauge.counts.denied == 2_000)
        #expect(hasRung(gauge))
    }
}
