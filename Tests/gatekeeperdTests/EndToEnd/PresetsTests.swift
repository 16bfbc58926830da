import Foundation
import Testing

@Suite("The command presets")
struct PresetsTests {
    @Test("lists vendors and ticket systems, each with its date or that it has none")
    func list() throws {
        let said = try Daemon.run(["presets"])
        #expect(said.ending == .exited(0))
        let lines = said.output.split(separator: "\n")
        #expect(lines.contains("tier2tickets  Tier2Tickets, 2 addresses, 2026-04-28"))
        #expect(lines.contains("osticket  osTicket, ticket system, as of 2026-11-28"))
        #expect(lines.contains("glpi  GLPI, ticket system, not dated"))
        #expect(lines.contains { $0.hasPrefix("connectwise  ") && $0.hasSuffix(", as of 2026-04-28") })
    }

    @Test("shows one of them, in whatever case its name is written")
    func one() throws {
        let said = try Daemon.run(["presets", "osTicket"])
        #expect(said.ending == .exited(0))
        #expect(try Daemon.run(["presets", "glpi"]).output.contains("\nverify before relying on it"))
        for word in ["/api/tickets.json", "X-API-Key", "TRUSTED_PROXIES", "source: ", "as of 2026-11-28"] {
            #expect(said.output.contains(word))
        }
    }

    @Test("writes JSON for scripts, of all and of one")
    func json() throws {
        let all = try Daemon.run(["presets", "--json"]).output
        let entries = try #require(try JSONSerialization.jsonObject(with: Data(all.utf8)) as? [[String: Any]])
        #expect(Set(entries.compactMap { $0["kind"] as? String }) == ["vendor", "ticket_system"])
        let line = LogLine(try Daemon.run(["presets", "otobo", "--json"]).output)
        #expect(line["name"] == "znuny")
    }

    @Test("what it doesn't know is wrong usage, with what may have been meant")
    func unknown() throws {
        let said = try Daemon.run(["presets", "zamad"])
        #expect(said.ending == .exited(2) && said.output.isEmpty)
        #expect(said.errors.contains("did you mean zammad?"))
    }
}
