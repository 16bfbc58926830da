import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Lists that change, as they are written")
struct ListRulesTests {
    private func lines(_ entry: String, state: String = "state: state") throws -> [String] {
        try mistakes(in: text("[\(entry)]", state), files: ["ca.pem": ""])
    }

    private func text(_ allow: String, _ state: String = "state: state") -> String {
        """
        listen: 127.0.0.1:0
        tls: {certificate: chain.pem, key: key.pem}
        allow: \(allow)
        upstream: {url: "http://127.0.0.1:8080"}
        \(state)
        """
    }

    @Test("a page and a name are read with what belongs to them, and admit nobody by themselves")
    func read() throws {
        let configuration = try load(
            text(
                """
                [{url: "https://vendor.example:8443/ips.json?k=1", json: "$.a[*].b", every: 1h, ca: ca.pem, label: Vendor},
                  {hosts: Office.dyn.example.net, label: office}]
                """), files: ["ca.pem": ""])
        #expect(configuration.settings.allow.isEmpty && configuration.lists.count == 2)
        guard case .url(let page) = configuration.lists[0].value.way else {
            Issue.record("no page")
            return
        }
        #expect(page.authority == "vendor.example:8443" && page.target == "/ips.json?k=1" && page.everySeconds == 3600)
        #expect(page.server.tls?.authorityPath?.hasSuffix("/ca.pem") ?? false)
        #expect(try page.json == JSONPath("a[*].b"))
        #expect(configuration.lists[1].value.way == .hosts("office.dyn.example.net"))
        #expect(configuration.notes.contains { $0.contains("weaker than an address") })
    }

    @Test(
        "what can't be is told",
        arguments: [
            ("{url: \"https://vendor.example/\"}", "needs a label"), ("{hosts: a.example, label: \"\"}", "1 to"),
            ("{url: \"http://vendor.example/\", label: a}", "https URL"), ("{url: \"https://u:p@vendor.example/\", label: a}", "https URL"),
            ("{url: \"https://vendor.example/#x\", label: a}", "https URL"), ("{url: vendor.example, label: a}", "https URL"),
            ("{url: \"https://vendor.example/\", label: a, every: 4m}", "between 5m and 30d"),
            ("{url: \"https://vendor.example/\", label: a, json: \"a[0]\"}", "a path is names"),
            ("{url: \"https://vendor.example/\", label: a, ca: gone.pem}", "gone.pem"),
            ("{url: \"https://vendor.example/\", hosts: a.example, label: a}", "allow: hosts"),
            ("{hosts: a.example, label: a, every: 1h}", "allow: every"),
            ("{hosts: a.example, until: 2099-01-01T00:00:00Z, label: a}", "allow: until"),
            ("{hosts: 192.0.2.1, label: a}", "an address, not a name"), ("{hosts: localhost, label: a}", "one name in full"),
            ("{hosts: \"*.example.net\", label: a}", "one name in full"), ("{address: 192.0.2.1, every: 1h}", "a list by url"),
            ("{hosts: a.example, label: a}, {hosts: b.example, label: a}", "another list has this label"),
        ])
    func refused(entry: String, reason: String) throws {
        let lines = try lines(entry)
        #expect(lines.count == 1 && lines[0].contains(reason), "\(lines)")
        #expect(!lines.joined().contains("u:p"))
    }
}
