import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Another state folder, while the service runs")
struct StateInForceTests {
    private func errors(_ report: ReloadReport) -> [String] {
        guard case .kept(let errors) = report else { return [] }
        return errors
    }

    private func reload(_ scene: ServiceScene, _ text: String) throws -> ReloadReport {
        try scene.write(text)
        return scene.service.reload(askedBy: "alice", at: scene.now)
    }

    @Test("what lies in the folder would stay behind, so nothing of the configuration comes into force, and what it is is said")
    func refused() throws {
        let scene = try ServiceScene("state: state")
        let other = ServiceScene.text(allow: "[192.0.2.9]", "state: elsewhere")
        let folder = scene.folder.file("state")
        #expect(
            errors(try reload(scene, other)) == [
                "state: the ledger would stay behind in \(folder), so another folder takes a restart: "
                    + "stop the service, move what is to go on, and start it; until then nothing of this configuration is in force"
            ])
        #expect(scene.plane.applied.isEmpty && scene.configuration.generation == 1)
        let request = try GrantRequest(address: "203.0.113.9", seconds: 3600, reason: "test")
        _ = try scene.service.grant(request, by: GrantScene.alice, at: scene.now)
        #expect(errors(try reload(scene, other))[0].hasPrefix("state: the ledger and 1 grant would stay behind"))
        // Likewise of another file, and of none.
        #expect(errors(try scene.apply(other, confirmWithinSeconds: 60))[0].contains("1 grant"))
        #expect(!errors(try reload(scene, ServiceScene.text())).isEmpty)
        guard case .applied = try reload(scene, ServiceScene.text(allow: "[192.0.2.9]", "state: state")) else {
            throw Failure("the same folder is refused")
        }
    }

    @Test("a file that names another one is a problem before anybody reloads or restarts, until it doesn't")
    func onTheDisk() throws {
        let scene = try ServiceScene("state: state")
        func problem() -> Problem? { scene.service.status(at: scene.now).problems.first { $0.subject == "state" } }
        try scene.write(ServiceScene.text("state: elsewhere"))
        scene.configuration.judgeFile(at: scene.now)
        let text = try #require(problem()).text
        #expect(text.hasSuffix("another state folder, and at the next start the ledger would stay behind in \(scene.folder.file("state"))"))
        try scene.write(ServiceScene.text("state: state"))
        scene.configuration.judgeFile(at: scene.now)
        #expect(problem() == nil)
    }

    @Test("it is told once: of a reload that was refused for it, or of the file, and of none that can't be read")
    func once() throws {
        let scene = try ServiceScene("state: state")
        func kinds() -> [Problem.Kind] { scene.service.status(at: scene.now).problems.map(\.kind) }
        try scene.write(ServiceScene.text("state: elsewhere"))
        scene.configuration.judgeFile(at: scene.now)
        #expect(kinds() == [.configurationWarning])
        _ = scene.service.reload(askedBy: "alice", at: scene.now)
        scene.configuration.judgeFile(at: scene.now)
        #expect(kinds() == [.reloadFailed])
        try scene.write(ServiceScene.text("state: state"))
        scene.configuration.judgeFile(at: scene.now)
        try scene.write(ServiceScene.text("state: elsewhere"))
        scene.configuration.judgeFile(at: scene.now)
        #expect(kinds() == [.configurationWarning])
        try scene.write("allow: [")
        scene.configuration.judgeFile(at: scene.now)
        #expect(kinds() == [.configurationUnusable])
    }

    @Test("a lockdown is moved with the rest; where there is no folder, a restart begins without it, and that is said")
    func lockdown() throws {
        for (settings, way) in [("state: state", "move what is to go on"), ("", "which begins without that")] {
            let scene = try ServiceScene(settings, hasLedger: !settings.isEmpty)
            _ = try scene.service.lockdown(keep: [], seconds: nil, by: GrantScene.alice, at: scene.now)
            let error = try #require(errors(try reload(scene, ServiceScene.text("state: elsewhere"))).first)
            #expect(error.contains("a lockdown would stay behind in ") && error.contains(way), "\(error)")
        }
    }

    @Test("certificates and lists are among it, and without a folder whatever would need one")
    func others() throws {
        let scene = try ServiceScene("state: state")
        let tls = "acme: {names: [a.example]}"
        #expect(errors(try reload(scene, ServiceScene.text("state: other", tls: tls)))[0].contains("and certificates that are ordered"))
        let none = try ServiceScene(hasLedger: false)
        let lists = "[192.0.2.1, {url: \"https://127.0.0.1:1/ips\", label: Vendor}]"
        #expect(errors(try reload(none, ServiceScene.text(allow: lists, "state: state")))[0].contains("what is accepted of lists"))
        guard case .applied(let applied) = try reload(none, ServiceScene.text("state: state")) else {
            throw Failure("a first folder is refused")
        }
        #expect(applied.warnings.contains("state: a change takes a restart"))
    }
}
