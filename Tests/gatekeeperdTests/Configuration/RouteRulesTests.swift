import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Routes as they are written")
struct RouteRulesTests {
    private func text(_ routes: String, allow: String? = nil) -> String {
        let allow = allow ?? "[{address: 192.0.2.1, label: Tier2Tickets}, {address: 192.0.2.2, label: Assets}]"
        return minimal("routes: \(routes)").replacing("allow: [127.0.0.2]", with: "allow: \(allow)")
    }

    private func routes(_ routes: String) throws -> [Route] { try load(text(routes)).settings.routes?.routes ?? [] }

    @Test("a route has its sources and its query's keys, each as a list or one alone")
    func conditions() throws {
        let read = try routes(
            """
            [/a, {path: /b, from: [Tier2Tickets, Assets]}, {path: /c, from: Assets, query: {allow: [version, "@page"]}},
              {methods: [POST], path: /d, query: {deny: loginop}}, {path: /e, query: {allow: []}}]
            """)
        #expect(read.map(\.from) == [nil, ["Tier2Tickets", "Assets"], ["Assets"], nil, nil])
        #expect(
            read.map(\.query) == [
                nil, nil, try QueryRule(.allow, ["version", "@page"]), try QueryRule(.deny, ["loginop"]), try QueryRule(.allow, []),
            ])
    }

    @Test("a label may hold commas and blanks, and what names it too")
    func commas() throws {
        let allow = "[{address: 192.0.2.1, label: \"Acme, Inc.\"}, {address: 192.0.2.2, label: b}]"
        let configuration = try load(text("[{path: /a, from: [\"Acme, Inc.\", b]}]", allow: allow))
        #expect(configuration.settings.routes?.routes[0].from == ["Acme, Inc.", "b"])
    }

    @Test("a preset stands for its lines, below the base and for the sources, each with where it is from")
    func preset() throws {
        let read = try routes("[{preset: osTicket, base: /support/, from: [Assets]}, {preset: halo}]")
        #expect("\(read[0])" == "POST /support/api/tickets.json from Assets")
        #expect(read[0].provenance == "preset osticket: shown, osTicket 1.18.1, run, 2026-11-28")
        #expect("\(read[1])" == "POST /auth/token" && read[1].provenance?.hasPrefix("preset halopsa: captured, ") == true)
        #expect(read.count == 1 + 16)
    }

    @Test("a preset switches no other key", arguments: TicketSystemPreset.all.filter { !$0.routes.isEmpty }.map(\.name))
    func nothingElse(name: String) throws {
        var (with, without) = (try load(text("[{preset: \(name)}]")).settings, try load(text("[]")).settings)
        #expect(with.routes?.routes.count == TicketSystemPreset.all.first { $0.name == name }?.routes.count)
        (with.routes, without.routes) = (nil, nil)
        #expect("\(with)".withoutFolders == "\(without)".withoutFolders)
    }

    @Test(
        "what can't be meant is told with its place and what to do",
        arguments: [
            (
                "[{path: /a, from: [Tier2Ticket]}]",
                ":5:27: routes: from: no entry of allow has the label \"Tier2Ticket\"; did you mean Tier2Tickets?"
            ),
            ("[{path: /a, from: [tier2tickets]}]", "did you mean Tier2Tickets?"),
            ("[{path: /a, from: [nobody at all]}]", "has the label \"nobody at all\"; there are Assets, Tier2Tickets"),
            ("[{path: /a, from: []}]", "routes: from: it names nobody; leave it out"),
            ("[{path: /a, base: /b}]", "routes: base: it is for a preset"),
            ("[{from: [Assets]}]", "routes: the path is missing"),
            ("[{preset: osticket, path: /a}]", "routes: path: a preset has its own"),
            ("[{preset: osticket, methods: [GET]}]", "routes: methods: a preset has its own"),
            ("[{preset: osticket, case_sensitive: false}]", "routes: case_sensitive: a preset has its own"),
            ("[{preset: osticket, query: {allow: [a]}}]", "routes: query: a preset has its own"),
            ("[{preset: osticket, base: support}]", "routes: base: \"support\": a path begins with /"),
            ("[{preset: osticket, base: /a/../b}]", "can be read in more than one way"),
            ("[{preset: osticket, base: /a/**}]", "** is for the end"),
            ("[{preset: osticket, base: \"/a?b\"}]", "routes: base: "),
            ("[{preset: osticket, from: [nobody at all]}]", "no entry of allow has the label"),
            ("[{preset: osticket2}]", "did you mean osticket?"),
            ("[{preset: zammad}]", "routes: preset: what clients of Zammad ask for isn't known well enough; use learn: true"),
            ("[{preset: otrs}]", "what clients of Znuny / OTRS / OTOBO ask for"), ("[{preset: glpi}]", "use learn: true"),
            ("[{preset: itop}]", "use learn: true"), ("[{preset: tier2tickets}]", "is a vendor with addresses, which belong under allow"),
            ("[{path: /a, query: {}}]", "routes: query: it is either allow or deny, as query: {allow: [version]}"),
            ("[{path: /a, query: {allow: [a], deny: [b]}}]", "it is either allow or deny"),
            ("[{path: /a, query: version}]", "routes: query holds keys and their values"),
            ("[{path: /a, query: {alow: [a]}}]", "unknown key \"alow\" in routes.query; did you mean allow?"),
            ("[{path: /a, query: {allow: [\"a[]\"]}}]", "routes: query: \"a[]\" can be read in more than one way"),
            ("[{path: /a, query: {deny: []}}]", "routes: query: no key is named"),
            ("[{path: /a, form: [a]}]", "unknown key \"form\" in routes"),
        ])
    func told(routes: String, words: String) throws {
        let lines = try mistakes(in: text(routes))
        #expect(lines.count == 1 && lines[0].contains(words), "\(lines)")
    }

    @Test("a list that is empty for now has its label, and one that can't be used is told of alone")
    func lists() throws {
        let yaml = text("[{path: /a, from: [Vendor]}]", allow: "[{file: list.txt, label: Vendor}]")
        #expect(try load(yaml, files: ["list.txt": "# nobody yet\n"]).settings.allow.isEmpty)
        let lines = try mistakes(in: text("[{path: /a, from: [Vendor]}]", allow: "[{adress: 192.0.2.1, label: Vendor}]"))
        #expect(lines.count == 1 && lines[0].contains("did you mean address?"), "\(lines)")
        let preset = try load(text("[{path: /a, from: [Tier2Tickets]}]", allow: "[{preset: tier2tickets}]"))
        #expect(preset.settings.routes?.routes.count == 1)
    }

    @Test("where no entry has a label, how to give one is said")
    func noLabels() throws {
        let lines = try mistakes(in: text("[{path: /a, from: [Vendor]}]", allow: "[192.0.2.1]"))
        #expect(lines.count == 1 && lines[0].contains("; give one to those whom the route is for, as allow: [{address: "), "\(lines)")
    }

    @Test("an unknown label is told although the list has a warning, which hides nothing")
    func warning() throws {
        let yaml = text("[{path: /a, from: [Vendor]}]", allow: "[{address: 192.0.2.1, label: Office, until: \"2020-01-01T00:00:00Z\"}]")
        #expect(try mistakes(in: yaml).contains { $0.contains("no entry of allow has the label \"Vendor\"") })
    }

    @Test("what came from the environment is shown as it is written")
    func concealed() throws {
        let yaml = text(
            "[{preset: osticket, base: \"${BASE}\", from: [\"${WHO}\"]}, {path: /a, from: [\"${WHO}\"], query: {allow: [\"${KEY}\"]}}]",
            allow: "[{address: 192.0.2.1, label: \"${WHO}\"}]")
        let read = try load(yaml, environment: ["BASE": "/hidden", "WHO": "secret", "KEY": "token"]).settings.routes?.routes ?? []
        #expect(read.map { "\($0)" } == ["POST ${BASE}/api/tickets.json from ${WHO}", "/a from ${WHO} with the query's keys ${KEY}"])
        #expect(read.map(\.from) == [["${WHO}"], ["${WHO}"]], "a label is known as it is shown")
        let lines = try mistakes(in: yaml, environment: ["BASE": "hidden", "WHO": "secret", "KEY": "to.ken"])
        #expect(lines.count == 2 && lines.allSatisfy { !$0.contains("hidden") && !$0.contains("to.ken") && $0.contains("${") }, "\(lines)")
    }

    @Test("check says what a preset is concluded from, and what it can't limit")
    func notes() throws {
        let notes = try load(text("[{preset: erpnext}, {preset: erpnext, base: /x}, {preset: redmine}, {preset: osticket}]")).notes
        #expect(notes.count == 3, "\(notes)")
        #expect(notes[0].contains("preset erpnext is inferred in part") && notes[0].contains("`gatekeeperd presets erpnext`"))
        #expect(notes[1].contains("preset erpnext can't limit this: ") && notes[1].contains("cmd="))
        #expect(notes[2].contains("preset redmine can't limit this: _method=delete"))
    }

    @Test("another source or another key is a change that is told")
    func changes() throws {
        let old = try load(text("[{path: /a, from: [Assets]}]"))
        let new = try load(text("[{path: /a, from: [Tier2Tickets], query: {deny: [b]}}]"))
        #expect(
            ConfigurationChange.lines(from: old, to: new) == [
                "routes: + /a from Tier2Tickets with the query's keys other than b", "routes: - /a from Assets",
            ])
    }
}

extension String {
    /// Without the folder of each configuration, which has a name of its own.
    fileprivate var withoutFolders: String { replacing(#/gatekeeper-configuration-[0-9A-F-]+/#, with: "") }
}
