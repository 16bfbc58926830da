import Foundation
import Gatekeeper
import Synchronization
import Testing

@testable import gatekeeperd

@Suite("The thread that orders certificates")
struct AcmeClientTests {
    private let scene: AcmeScene

    init() throws {
        scene = try AcmeScene()
        scene.clock.setCalendar(.now())
        scene.authority.set { $0.isSlow = false }
    }

    private func client() throws -> AcmeClient {
        try AcmeClient(state: scene.state, AcmeRenewer.Surroundings(transport: scene.authority, board: scene.board))
    }

    /// Until it holds, as a control thread would wait.
    private func wait(_ client: AcmeClient, until holds: (AcmeState) -> Bool) -> Bool {
        while true {
            if let state = client.states.first, holds(state) { return true }
            guard Poll.wait(for: client.number, milliseconds: 20_000) else { return false }
            client.silence()
        }
    }

    @Test("orders what it is told to, says so, and orders again when somebody asks")
    func orders() throws {
        let client = try client()
        defer { client.stop() }
        try client.follow([])
        try client.follow([AcmeScene.settings()])
        #expect(wait(client) { $0.issuedCount == 1 && $0.step == .resting })
        #expect(scene.served() != nil)
        client.renew(AcmeScene.names, isUndue: true)
        #expect(wait(client) { $0.issuedCount == 2 })
        client.tryOut(AcmeScene.names, directory: ScriptedAuthority.root + "/dir")
        #expect(wait(client) { $0.dryRun?.failure == nil && $0.dryRun?.number == 1 })
        #expect(scene.complaints.isEmpty)
    }

    @Test("of two processes one orders; the other goes on when that one ends")
    func lock() throws {
        let (first, second) = (try client(), try client())
        defer { second.stop() }
        try first.follow([AcmeScene.settings()])
        #expect(wait(first) { $0.issuedCount == 1 })
        try second.follow([AcmeScene.settings()])
        #expect(wait(second) { $0.step == .locked })
        second.renew(nil, isUndue: true)
        first.stop()
        #expect(wait(second) { $0.issuedCount == 1 })
        #expect(scene.issuedCount == 2)
    }

    @Test(
        "only an https URL is asked",
        arguments: ["http://a.example/", "https://", "https://a b/", "https://u@a.example/", "https://a/#x", "x"])
    func urls(text: String) {
        #expect(throws: AcmeError.self) { try AcmeURL(text) }
    }

    @Test("a URL is taken apart as it has to be asked for")
    func parts() throws {
        let url = try AcmeURL("https://acme.example:14000?a=b/c")
        #expect(url.authority == "acme.example:14000" && url.target == "/?a=b/c")
        #expect(try AcmeURL("https://[::1]:14000/dir").target == "/dir")
    }

    @Test("nobody there, and somebody who isn't trusted, is told with what to do")
    func transport() throws {
        let transport = AcmeHTTPS()
        func text(_ url: String) -> String {
            do throws(AcmeError) {
                _ = try transport.exchange(AcmeRequest(url: try AcmeURL(url), bodyBytesMax: 100))
                return ""
            } catch {
                return error.text
            }
        }
        #expect(text("https://127.0.0.1:1/dir").hasPrefix("127.0.0.1:1 can't be asked: nothing listens there; "))
    }
}
