import Testing

@testable import gatekeeperd

@Suite("Ticket systems that are known")
struct TicketSystemPresetTests {
    @Test("each says how it is spoken to, what to mind, and where that is from", arguments: TicketSystemPreset.all.map(\.name))
    func wellFormed(name: String) throws {
        guard case .ticketSystem(let preset) = try PresetCatalog.find(name) else { return #expect(Bool(false), "\(name) is a vendor") }
        #expect(!preset.authentication.isEmpty && !preset.contentTypes.isEmpty && !preset.sources.isEmpty)
        #expect(preset.notes.allSatisfy { $0.hasSuffix(".") } && !preset.notes.isEmpty)
        #expect(preset.methods.allSatisfy { ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains($0) })
        if let date = preset.date { #expect(try CalendarTime.unixSeconds(date + "T00:00:00Z") < WallTime.now().milliseconds / 1000) }
        let dated = preset.description.filter { $0.hasPrefix("source: ") && !$0.hasSuffix(", not dated") }
        #expect(dated == preset.date.map { ["source: \(preset.sources[0]), as of \($0)"] } ?? [])
        #expect(preset.description.contains("verify before relying on it") == (preset.date == nil))
        #expect(preset.description.allSatisfy { !$0.contains("\n") })
        #expect(preset.json["paths"]?.texts == preset.paths && preset.json["methods"]?.texts == preset.methods)
    }

    @Test("names and aliases are lower case and lead to one preset each, in capitals too")
    func names() throws {
        let names = PresetCatalog.entries.flatMap(\.names)
        #expect(Set(names).count == names.count)
        for name in names { #expect(name == name.lowercased()) }
        for (alias, name) in [("OTRS", "znuny"), ("osTicket", "osticket"), ("Request-Tracker", "rt"), ("HaloITSM", "halopsa")] {
            #expect(try PresetCatalog.find(alias).names[0] == name)
        }
        #expect(TicketSystemPreset.all.map(\.name) == TicketSystemPreset.all.map(\.name).sorted())
    }

    @Test("a mistyped name brings what was meant")
    func mistyped() {
        #expect { try PresetCatalog.find("osticket2") } throws: { error in
            (error as? ValueMistake)?.message.hasSuffix("; did you mean osticket?") == true
        }
    }

    @Test("no ticket system opens the door: it is no preset of the allow-list, nor yet one of routes")
    func notInConfiguration() throws {
        let allow = minimal().replacing("allow: [127.0.0.2]", with: "allow: [{preset: osticket}]")
        let advice = "osticket is a ticket system, not a vendor with addresses; there are presets for tier2tickets"
        #expect(try mistakes(in: allow).contains { $0.hasSuffix(advice) })
        #expect(try mistakes(in: minimal("routes: [{preset: osticket}]")).contains { $0.hasSuffix("routes: preset is not supported yet") })
    }
}
