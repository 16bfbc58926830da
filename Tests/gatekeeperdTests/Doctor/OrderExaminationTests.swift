import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Can the authority come here, and may it issue?")
struct OrderExaminationTests {
    private func order(
        _ names: [NameFacts], _ challenge: AcmeSettings.Challenge = .handshake, directory: String = AcmeDirectory.usual,
        account: String? = nil
    ) throws -> OrderExamination.Order {
        var settings = AcmeSettings(names: names.map(\.name), directory: try AcmeDirectory.url(directory))
        settings.challenge = challenge
        return OrderExamination.Order(settings: settings, account: account, names: names)
    }

    /// Its CAA is in order.
    private func name(_ addresses: [String]?, own: [String] = []) throws -> NameFacts {
        NameFacts(
            "t.example", addresses: try addresses?.map { try PeerAddress(parsing: $0) }, own: try own.map { try PeerAddress(parsing: $0) },
            policy: .records([CAARecord("issue", "letsencrypt.org")], at: "example"))
    }

    private func examine(
        _ order: OrderExamination.Order, listeners: [String] = ["0.0.0.0:443", "[::]:443"], listening: [String]? = nil,
        isBehindBalancer: Bool = false, service: Int? = nil, pagePort: PortHolder? = nil
    ) throws -> [ExaminationFinding] {
        Doctor.settled(
            OrderExamination(
                orders: [order], listeners: try listeners.map { try SocketAddress(parsing: $0) },
                listening: try listening?.map { try SocketAddress(parsing: $0) }, isBehindBalancer: isBehindBalancer, service: service,
                pagePort: pagePort
            ).findings)
    }

    // MARK: Where names lead

    @Test("a name that leads to addresses of this machine, all of them listened on, is well")
    func well() throws {
        let findings = try examine(order([name(["192.0.2.7", "2001:db8::7"], own: ["192.0.2.7", "2001:db8::7"])]))
        #expect(
            findings == [
                .ok(
                    .orders,
                    "t.example leads here (192.0.2.7, 2001:db8::7); CAA of example lets letsencrypt.org issue for t.example")
            ])
    }

    @Test("an AAAA record that leads elsewhere beside an A record is a finding, and behind a balancer a note")
    func elsewhere() throws {
        for own in [["192.0.2.7"], []] {
            let order = try order([name(["192.0.2.7", "2001:db8::9"], own: own)])
            let found = try examine(order).filter { $0.severity == .wrong }
            #expect(found.count == 1 && found[0].seen.contains("2001:db8::9 as well, which isn't this machine's"))
            #expect(found[0].advice?.contains("remove that AAAA record") == true)
            #expect(try examine(order, isBehindBalancer: true).allSatisfy { $0.severity != .wrong })
        }
    }

    @Test("an address that isn't this machine's has to be led here")
    func forwarded() throws {
        let findings = try examine(order([name(["192.0.2.9"])]))
        #expect(findings.map(\.severity) == [.ok, .note] && findings[1].seen == "t.example leads to 192.0.2.9, which isn't this machine's")
        #expect(findings[1].advice?.contains("lead its port 443 here") == true)
        let page = try examine(order([name(["192.0.2.9"])], .page))
        #expect(page[1].advice?.contains("lead its port 80 here") == true)
    }

    @Test("a private address is told, unless the authority may be private too")
    func inner() throws {
        let findings = try examine(order([name(["10.0.0.5"], own: ["10.0.0.5"])]))
        #expect(findings.map(\.severity) == [.ok, .note] && findings[1].seen.contains("10.0.0.5, to which nobody can come from outside"))
        let directory = "https://ca.internal/acme/directory"
        let own = try examine(order([name(["10.0.0.5"], own: ["10.0.0.5"])], directory: directory))
        #expect(own[0] == .ok(.orders, "t.example leads here (10.0.0.5)"))
    }

    @Test("no address is a finding; no answer is not known")
    func absent() throws {
        let nothing = try examine(order([name([])]))
        #expect(nothing.map(\.severity) == [.wrong] && nothing[0].seen.contains("has no address"))
        let silent = try examine(order([name(nil)]))
        #expect(silent.map(\.severity) == [.ok, .unexamined] && silent[1].seen.contains("don't answer in time"))
    }

    @Test("by records of the DNS nobody comes here, so that addresses and ports don't matter")
    func program() throws {
        #expect(try examine(order([name([])], .program("/x")), listeners: ["127.0.0.1:8443"]).map(\.severity) == [.ok])
    }

    // MARK: Ports

    @Test(
        "an own address on whose port 443 nobody listens is a finding",
        arguments: [
            (["0.0.0.0:443"], ["2001:db8::7"]), (["[::]:443"], []), (["192.0.2.7:443"], ["2001:db8::7"]),
            (["[2001:db8::7]:443"], ["192.0.2.7"]), (["192.0.2.7:443", "[2001:db8::7]:443"], []),
        ])
    func unheard(listeners: [String], addresses: [String]) throws {
        let name = try name(["192.0.2.7", "2001:db8::7"], own: ["192.0.2.7", "2001:db8::7"])
        let found = try examine(order([name]), listeners: listeners).filter { $0.severity == .wrong }
        #expect(found.map(\.seen) == addresses.map { "t.example leads to \($0), on whose port 443 nobody listens" })
    }

    @Test("port 443 for this host alone is a finding; elsewhere, or another's, a note")
    func handshakePort() throws {
        let order = try order([name(["192.0.2.7"], own: ["192.0.2.7"])])
        let alone = try examine(order, listeners: ["127.0.0.1:443"], listening: ["127.0.0.1:443"])
        #expect(alone.map(\.severity) == [.wrong] && alone[0].seen.contains("for this host alone"))
        let elsewhere = try examine(order, listeners: ["0.0.0.0:8443"], listening: ["0.0.0.0:8443"])
        #expect(elsewhere.map(\.severity) == [.ok, .note] && elsewhere[1].seen.hasPrefix("nothing listens on port 443"))
        #expect(elsewhere[1].advice?.contains("to port 8443 here") == true)
        let other = try examine(order, listeners: ["0.0.0.0:8443"], listening: ["0.0.0.0:8443", "0.0.0.0:443"])
        #expect(other.map(\.severity) == [.ok, .note] && other[1].seen.hasPrefix("another program listens on port 443"))
    }

    @Test("port 80 in another's hands is a finding for http-01 alone, and in the service's own for nobody")
    func pagePort() throws {
        let facts = try name(["192.0.2.7"], own: ["192.0.2.7"])
        let holder = PortHolder(program: "ngi\u{1b}nx", process: 7)
        let taken = try examine(order([facts], .page), service: 9, pagePort: holder)
        #expect(taken.map(\.severity) == [.wrong] && taken[0].seen.hasSuffix("is taken by ngi?nx, process 7"))
        #expect(try examine(order([facts], .page), listening: ["0.0.0.0:80"])[0].seen.hasSuffix("by another program"))
        #expect(try examine(order([facts], .page), service: 7, pagePort: holder).map(\.severity) == [.ok])
        #expect(try examine(order([facts]), pagePort: holder).map(\.severity) == [.ok])
    }

    // MARK: CAA

    /// Of a name that leads here.
    private func policy(
        _ policy: NameFacts.Policy, name: String = "t.example", challenge: AcmeSettings.Challenge = .handshake,
        directory: String = AcmeDirectory.usual, account: String? = nil
    ) throws -> [ExaminationFinding] {
        let facts = NameFacts(name, policy: policy)
        let order = try order([facts], challenge, directory: directory, account: account)
        return OrderExamination(orders: [order]).policy(of: facts, order)
    }

    @Test("without records those are proposed that let our account issue, by our method, and nobody else")
    func proposal() throws {
        let account = "https://acme-v02.api.letsencrypt.org/acme/acct/1"
        let known = try policy(.none, account: account)
        #expect(
            known.map(\.advice) == [
                "set t.example. CAA 0 issue \"letsencrypt.org; accounturi=\(account); validationmethods=tls-alpn-01\" "
                    + "and t.example. CAA 0 issuewild \";\""
            ])
        #expect(known[0].severity == .note)
        let early = try policy(.none, challenge: .page)
        #expect(early[0].advice?.contains("\"letsencrypt.org; validationmethods=http-01\"") == true)
        #expect(early[0].advice?.hasSuffix("(with accounturi, once there is an account)") == true)
        let wildcard = try policy(.none, name: "*.t.example", challenge: .program("/x"))
        #expect(wildcard[0].advice?.contains("set t.example. CAA 0 issuewild \"letsencrypt.org; validationmethods=dns-01\" (") == true)
        #expect(try policy(.none, directory: "https://ca.internal/acme/directory").isEmpty)
        #expect(try policy(.none, name: "192.0.2.7").isEmpty)
    }

    @Test(
        "records that forbid the authority, the account or the method are findings that say so",
        arguments: [
            ("other.example", "forbids letsencrypt.org"), ("letsencrypt.org; accounturi=https://a/2", "another account"),
            ("letsencrypt.org; validationmethods=http-01", "not by tls-alpn-01"),
        ])
    func refused(value: String, words: String) throws {
        let found = try policy(.records([CAARecord("issue", value)], at: "example"), account: "https://a/1")
        #expect(found.map(\.severity) == [.wrong] && found[0].seen.contains(words) && found[0].seen.contains("0 issue \"\(value)\""))
        #expect(found[0].advice == "add t.example. CAA 0 issue \"letsencrypt.org; accounturi=https://a/1; validationmethods=tls-alpn-01\"")
    }

    @Test("an account that can't be compared is a note, an authority that isn't known gets the records told, no answer is not known")
    func notes() throws {
        let records = NameFacts.Policy.records([CAARecord("issue", "letsencrypt.org; accounturi=https://a/2")], at: "example")
        #expect(try policy(records).map(\.severity) == [.note])
        let other = try policy(records, directory: "https://ca.internal/acme/directory")
        #expect(other.map(\.severity) == [.note] && other[0].seen.contains("CAA of example says 0 issue \"letsencrypt.org;"))
        #expect(try policy(.unknown).map(\.severity) == [.unexamined])
        let zerossl = NameFacts.Policy.records([CAARecord("issue", "sectigo.com")], at: "example")
        #expect(try policy(zerossl, directory: "zerossl").map(\.severity) == [.ok])
    }

    // MARK: Facts

    @Test("the account is the one that the service names for these names and this directory")
    func account() throws {
        let settings = try order([name([])]).settings
        let told = OrderReport(certificates: [
            OrderReport.Certificate(names: ["t.example"], file: "/a"),
            OrderReport.Certificate(
                names: ["t.example"], order: OrderReport.Order(directory: settings.directory, step: "resting", account: "https://a/1")),
        ]).json(at: .now())
        #expect(OrderExamination.Order.account(of: settings, in: told) == "https://a/1")
        var other = settings
        other.names = ["u.example"]
        #expect(OrderExamination.Order.account(of: other, in: told) == nil)
        other = settings
        other.directory = "https://ca.internal/acme/directory"
        #expect(OrderExamination.Order.account(of: other, in: told) == nil)
        #expect(OrderExamination.Order.account(of: settings, in: nil) == nil)
    }

    @Test("names that weren't asked about are told by their number, and without orders there is nothing to say")
    func more() throws {
        var order = try order([name(["192.0.2.7"], own: ["192.0.2.7"])])
        order.settings.names += ["b.example", "c.example"]
        #expect(try examine(order).map(\.seen).last == "2 more names aren't looked at")
        #expect(OrderExamination(orders: []).findings.isEmpty)
    }
}
