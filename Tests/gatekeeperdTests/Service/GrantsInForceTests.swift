import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Who is let in, as time passes")
struct GrantsInForceTests {
    private func grant(_ scene: ServiceScene, _ address: String, seconds: Int) throws {
        _ = try scene.service.grant(
            try GrantRequest(address: address, seconds: seconds, reason: "update"), by: GrantScene.alice, at: scene.now)
    }

    @Test("a grant is let in at once, and ends at its moment")
    func grantEnds() throws {
        let scene = try ServiceScene()
        let grants = scene.service.parts.grants
        #expect(grants.next == nil)
        try grant(scene, "192.0.2.9", seconds: 60)
        #expect(scene.plane.allowed == ["192.0.2.1", "192.0.2.9"])
        #expect(grants.next == .calendar(scene.now.advanced(byMilliseconds: 60_000)))
        scene.clock.turn(milliseconds: 59_999)
        scene.pass()
        #expect(scene.plane.allowed.count == 2)
        _ = scene.plane.takeEvents()
        scene.clock.turn(milliseconds: 1)
        scene.pass()
        #expect(scene.plane.allowed == ["192.0.2.1"] && grants.next == nil)
        #expect(scene.plane.takeEvents().first?.hasPrefix("grant state=expired address=192.0.2.9") ?? false)
    }

    @Test("a grant may have the label of an entry or of a route, and no other; without one its reason is no label")
    func labels() throws {
        let scene = try ServiceScene(
            allow: "[{address: 192.0.2.1, label: Tickets}, {address: 192.0.2.2, label: Assets}]",
            "routes: [{path: /a, from: [Assets]}]")
        func grant(_ address: String, reason: String, label: String? = nil) throws {
            _ = try scene.service.grant(
                try GrantRequest(address: address, seconds: 60, reason: reason, label: label), by: GrantScene.alice, at: scene.now)
        }
        #expect { try grant("192.0.2.9", reason: "x", label: "tikets") } throws: { error in
            (error as? ControlFailure)?.message == "no entry of the allow-list has the label \"tikets\"; did you mean Tickets?"
        }
        try grant("192.0.2.9", reason: "moved", label: "Tickets")
        try grant("192.0.2.8", reason: "Tickets")
        let entries = try #require(scene.plane.admitted.last).suffix(2)
        #expect(Set(entries.map(\.label)) == ["Tickets"])
        #expect(Set(entries.map(\.routesLabel)) == [nil, "Tickets"])
        #expect(scene.plane.takeEvents().contains { $0.contains("state=made address=192.0.2.9") && $0.contains("label=Tickets") })
    }

    @Test("of several ends the next one counts, and each is passed once")
    func severalEnds() throws {
        let scene = try ServiceScene()
        try grant(scene, "192.0.2.8", seconds: 90)
        try grant(scene, "192.0.2.9", seconds: 30)
        let admissions = scene.plane.admitted.count
        for _ in 0..<4 {
            scene.clock.turn(milliseconds: 30_000)
            scene.pass()
        }
        #expect(scene.plane.admitted.count == admissions + 2 && scene.plane.allowed == ["192.0.2.1"])
    }

    @Test("an entry of the list that has an end is a reason to tell the server then")
    func entryEnds() throws {
        let end = GrantScene.start.advanced(byMilliseconds: 3_600_000)
        let scene = try ServiceScene(allow: "[192.0.2.1, {address: 192.0.2.5, until: \"\(end.text)\"}]")
        #expect(scene.service.parts.grants.next == .calendar(end))
        scene.clock.turn(milliseconds: 3_599_999)
        scene.pass()
        #expect(scene.plane.admitted.isEmpty)
        scene.clock.turn(milliseconds: 1)
        scene.pass()
        #expect(scene.plane.admitted.count == 1 && scene.service.parts.grants.next == nil)
    }

    @Test("a grant that is revoked is let in no longer, and can't be revoked again")
    func revoked() throws {
        let scene = try ServiceScene()
        try grant(scene, "192.0.2.9", seconds: 60)
        _ = try scene.service.revoke(try prefix("192.0.2.9"), by: GrantScene.bob, at: scene.now)
        #expect(scene.plane.allowed == ["192.0.2.1"])
        #expect(throws: ControlFailure.self) {
            try scene.service.revoke(try prefix("192.0.2.9"), by: GrantScene.bob, at: scene.now)
        }
    }

    @Test("its first use is told once, and announced no more")
    func firstUse() throws {
        let scene = try ServiceScene()
        try grant(scene, "192.0.2.9", seconds: 60)
        #expect(scene.plane.admitted.last?.last?.isAnnounced == true)
        _ = scene.plane.takeEvents()
        for _ in 0..<2 {
            scene.plane.firstUses = [try peer("192.0.2.9")]
            scene.service.parts.grants.recordFirstUses(at: scene.now)
        }
        #expect(scene.plane.takeEvents().filter { $0.hasPrefix("grant state=first_used") }.count == 1)
        #expect(scene.plane.admitted.last?.last?.isAnnounced == false)
    }

    @Test("a configuration that comes into force keeps the grants")
    func reload() throws {
        let scene = try ServiceScene()
        try grant(scene, "192.0.2.9", seconds: 60)
        try scene.write(ServiceScene.text(allow: "[192.0.2.3]"))
        _ = scene.service.reload(askedBy: "test", at: scene.now)
        #expect(scene.plane.allowed == ["192.0.2.3", "192.0.2.9"])
        scene.clock.turn(milliseconds: 60_000)
        scene.pass()
        #expect(scene.plane.allowed == ["192.0.2.3"])
    }
}
