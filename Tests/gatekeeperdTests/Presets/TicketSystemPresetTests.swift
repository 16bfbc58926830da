import Gatekeeper
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

    @Test("each line of routes is one that a configuration takes, with where and when it was seen", arguments: TicketSystemPreset.all)
    func routes(preset: TicketSystemPreset) throws {
        for line in preset.routes {
            #expect("\(try Route(methods: line.methods, path: line.path))".hasSuffix(" \(line.path)"))
            #expect(!line.methods.contains("DELETE") && !line.source.isEmpty)
            #expect(try CalendarTime.unixSeconds(line.date + "T00:00:00Z") < WallTime.now().milliseconds / 1000)
            #expect(preset.description.contains(line.line))
        }
        let pairs = preset.routes.flatMap { line in line.methods.map { "\($0) \(line.path)" } }
        #expect(Set(pairs).count == pairs.count, "no request is there twice")
        #expect(preset.json["routes"] == .array(preset.routes.map(\.json)))
        for limit in preset.unlimited { #expect(preset.description.contains { $0.hasPrefix("  no route limits this: \(limit.text)") }) }
        if preset.routes.isEmpty { #expect(preset.description.contains { $0.contains("learn: true") }) }
    }

    @Test("names that differ only by a product's edition lead to the same routes")
    func aliases() throws {
        for (alias, name) in [("halo", "halopsa"), ("Frappe", "erpnext"), ("connectwise-psa", "connectwise"), ("request-tracker", "rt")] {
            #expect(try PresetCatalog.routes(of: alias).name == name)
        }
        #expect(try PresetCatalog.ticketSystem("halopsa").tellsCase == false && PresetCatalog.ticketSystem("rt").tellsCase)
    }

    @Test("a mistyped name brings what was meant")
    func mistyped() {
        #expect { try PresetCatalog.find("osticket2") } throws: { error in
            (error as? ValueMistake)?.message.hasSuffix("; did you mean osticket?") == true
        }
    }

    /// What is said against these keys under `upstream`.
    private func differences(_ keys: String) throws -> [String] {
        let url = "url: \"http://127.0.0.1:8080\""
        let text = minimal().replacing(url, with: "\(url), \(keys)")
        let folder = try ScratchFolder(["chain.pem": "", "key.pem": "", "gatekeeper.yaml": text])
        return try Configuration.load(file: folder.file("gatekeeper.yaml"), flags: []).warnings.map(\.message)
    }

    @Test("a setting that differs from what was shown of the ticket system is a warning, and nothing is changed")
    func differences() throws {
        let unsafe = try differences("preset: roundup, reuse_after_body: true")
        #expect(unsafe.count == 1 && unsafe[0].hasPrefix("upstream.reuse_after_body: true isn't safe with Roundup"))
        let unknown = try differences("preset: topdesk, reuse_after_body: true")
        #expect(unknown.count == 1 && unknown[0].contains("nobody has shown"))
        #expect(try differences("preset: osticket") == [])
        let wasteful = try load(minimal().replacing("8080\"", with: "8080\", preset: osticket")).notes
        #expect(wasteful.count == 1 && wasteful[0].contains("would save a connection"), "what is safe is a note of `check`, and no problem")
        let lossy = try differences("preset: roundup, request_buffering: off")
        #expect(lossy.count == 1 && lossy[0].contains("loses chunked requests"))
        for right in ["preset: roundup", "preset: OSTicket, reuse_after_body: true", "preset: topdesk", "reuse_after_body: true"] {
            #expect(try differences(right) == [], "\(right)")
        }
        #expect(throws: ConfigurationError.self) { try differences("preset: tier2tickets") }
    }

    @Test("a spool in which the longest body that is collected finds no room is a warning")
    func smallSpool() throws {
        #expect(try differences("request_buffering: 16MiB, spool: {total: 32MiB}") == [])
        let warnings = try differences("request_buffering: 16MiB, spool: {total: 31MiB}")
        #expect(warnings.count == 1 && warnings[0].hasPrefix("upstream.spool.total: ") && warnings[0].hasSuffix("32MiB"), "\(warnings)")
    }

    @Test("each setting that follows from what was shown is one that the configuration has, and is told with where that was")
    func upstreamSettings() throws {
        for preset in TicketSystemPreset.all {
            let settings = preset.upstreamSettings
            #expect(settings.allSatisfy { $0.reason.contains("shown ") })
            #expect(try differences((["preset: \(preset.name)"] + settings.map(\.setting)).joined(separator: ", ")) == [])
            for setting in settings { #expect(preset.description.contains("  upstream.\(setting.setting): \(setting.reason)")) }
        }
    }

    @Test("no ticket system opens the door: it is no preset of the allow-list")
    func notInConfiguration() throws {
        let allow = minimal().replacing("allow: [127.0.0.2]", with: "allow: [{preset: osticket}]")
        let advice = "osticket is a ticket system, not a vendor with addresses; there are presets for tier2tickets"
        #expect(try mistakes(in: allow).contains { $0.hasSuffix(advice) })
    }
}
