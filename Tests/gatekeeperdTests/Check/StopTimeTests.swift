import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("The end, and systemd's patience")
struct StopTimeTests {
    private func timeouts(leave: Int, drain: Int) -> Settings.Timeouts {
        var timeouts = Settings.Timeouts()
        (timeouts.leaveMilliseconds, timeouts.drainMilliseconds) = (leave, drain)
        return timeouts
    }

    @Test(
        "leave and drain together must be shorter than what the unit waits",
        arguments: [
            (0, 30_000, nil, true), (10_000, 30_000, nil, true), (20_000, 30_000, nil, false), (0, 60_000, nil, false),
            (20_000, 30_000, "1min 30s", true), (0, 30_000, "20", false), (600_000, 600_000, "infinity", true),
        ] as [(Int, Int, String?, Bool)])
    func fits(leave: Int, drain: Int, unit: String?, isFine: Bool) {
        #expect((StopTime.doubt(timeouts(leave: leave, drain: drain), unit: unit) == nil) == isFine)
    }

    @Test("what is taken for the unit's is the shipped unit's")
    func shipped() throws {
        let unit = try String(contentsOfFile: ServiceUnit.service, encoding: .utf8)
        let text = try #require(unit.firstMatch(of: #/\nTimeoutStopSec=(.*)/#)?.1)
        #expect(StopTime.milliseconds(String(text)) == StopTime.unitMilliseconds)
    }

    @Test("the cure is said in numbers")
    func cure() {
        let doubt = StopTime.doubt(timeouts(leave: 20_000, drain: 30_000))
        #expect(
            doubt?.hasSuffix("systemd kills the service after 45s: say TimeoutStopSec=51s or more (systemctl edit gatekeeperd)") == true)
    }

    @Test(
        "systemd's spans are read as it reads them",
        arguments: [
            ("45", 45_000), ("45s", 45_000), ("1min 30s", 90_000), ("1.5h", 5_400_000), ("500ms", 500), ("infinity", nil), ("0", nil),
            ("x", nil),
        ]
            as [(String, Int?)])
    func spans(text: String, milliseconds: Int?) {
        #expect(StopTime.milliseconds(text) == milliseconds)
    }
}
