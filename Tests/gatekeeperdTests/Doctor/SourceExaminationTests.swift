import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Is it the clients' own addresses that arrive?")
struct SourceExaminationTests {
    private func examine(
        denied: [String: Int], others: Int = 0, admitted: [String: Int]? = [:], gateways: [String] = [], balancers: [String] = [],
        allowed: [String] = [], recent: [String: Int]? = nil, onLink: [String] = [], lastSeen: WallTime? = nil
    ) throws -> [ExaminationFinding] {
        func tally(_ counts: [String: Int], others: Int = 0) throws -> DenialTally {
            var tally = DenialTally()
            tally.sources = try counts.map { DenialTally.Source(address: try PeerAddress(parsing: $0), count: $1) }
            tally.total = counts.values.reduce(others, +)
            return tally
        }
        let day = try tally(denied, others: others)
        return SourceExamination(
            admitted: try admitted?.map { ServiceState.Source(prefix: try AddressPrefix(parsing: $0), admitted: $1, lastSeen: lastSeen) },
            denials: .success(day), lastHour: try recent.map { try tally($0) }, gateways: try gateways.map { try PeerAddress(parsing: $0) },
            onLink: try onLink.map { try AddressPrefix(parsing: $0) }, now: GrantScene.start,
            balancers: try balancers.map { try AddressPrefix(parsing: $0) }, allowed: try allowed.map { try AddressPrefix(parsing: $0) }
        ).findings
    }

    private func severity(_ findings: [ExaminationFinding]) -> [ExaminationFinding.Severity] { findings.map(\.severity) }

    @Test(
        "nearly all from one private address is a finding that says which and how many",
        arguments: ["10.0.0.1", "100.64.3.2", "fd00::1", "127.0.0.1"])
    func translated(address: String) throws {
        let findings = try examine(denied: [address: 96, "203.0.113.5": 4])
        #expect(severity(findings) == [.wrong])
        #expect(findings[0].seen.hasPrefix("96 of 100 connections came from \(address), a private address"))
        #expect(findings[0].advice?.contains("Don't list that address") == true)
    }

    @Test("this host's gateway is one whatever its address is")
    func gateway() throws {
        let findings = try examine(denied: ["203.0.113.1": 40], gateways: ["203.0.113.1"])
        #expect(severity(findings) == [.wrong])
        #expect(findings[0].seen.contains("40 of 40 connections came from 203.0.113.1, which is this host's gateway"))
    }

    @Test("nine tenths are not nearly all, nor are they with what can't be told apart")
    func several() throws {
        #expect(try severity(examine(denied: ["10.0.0.1": 90, "203.0.113.5": 10])) == [.ok])
        #expect(try severity(examine(denied: ["10.0.0.1": 91, "203.0.113.5": 9])) == [.wrong])
        #expect(try severity(examine(denied: ["10.0.0.1": 96], others: 20)) == [.ok])
    }

    @Test("one public address is a client that asks often")
    func publicAddress() throws {
        let findings = try examine(denied: ["203.0.113.5": 500])
        #expect(severity(findings) == [.ok] && findings[0].seen.hasSuffix("which is a public address"))
    }

    @Test("too few connections prove nothing, and are told as not examined")
    func few() throws {
        #expect(try severity(examine(denied: ["10.0.0.1": 19])) == [.unexamined])
        #expect(try severity(examine(denied: ["10.0.0.1": 20])) == [.wrong])
        #expect(try severity(examine(denied: [:])) == [.unexamined])
    }

    @Test("a load balancer that names its clients is left out, and they are counted")
    func balancer() throws {
        #expect(try severity(examine(denied: ["10.0.0.4": 1000], balancers: ["10.0.0.4"])) == [.unexamined])
        let clients = ["10.0.0.4": 1000, "203.0.113.5": 10, "198.51.100.1": 10]
        #expect(try severity(examine(denied: clients, balancers: ["10.0.0.0/24"])) == [.ok])
    }

    @Test("nearly all by one inner address that is listed is never simply well: it may stand for everybody")
    func listed() throws {
        let tool = try examine(denied: [:], admitted: ["10.0.0.7": 400], allowed: ["10.0.0.7"])
        #expect(severity(tool) == [.note] && tool[0].seen.hasSuffix("a private address that is on the allow-list"))
        // Listing the router was the cure that mustn't be: the vendor is listed too, and never came.
        let router = try examine(
            denied: ["203.0.113.9": 3], admitted: ["10.0.0.7": 400, "34.202.14.153": 0], allowed: ["10.0.0.7", "34.202.14.153"])
        #expect(severity(router) == [.wrong] && router[0].seen.contains("it stands for them, and admits everyone"))
        #expect(router[0].advice?.contains("Don't list that address") == true)
        let both = try examine(denied: [:], admitted: ["10.0.0.7": 400, "34.202.14.153": 2], allowed: ["10.0.0.7", "34.202.14.153"])
        #expect(severity(both) == [.note])
        let gateway = try examine(denied: [:], admitted: ["10.0.0.1": 400], gateways: ["10.0.0.1"], allowed: ["10.0.0.1"])
        #expect(severity(gateway) == [.wrong, .wrong])
        #expect(gateway[0].seen.hasPrefix("the allow-list has 10.0.0.1, which is this host's gateway"))
        // A network that holds the gateway is an office, as a rule.
        #expect(try severity(examine(denied: ["203.0.113.5": 30], gateways: ["10.0.0.1"], allowed: ["10.0.0.0/24"])) == [.ok])
    }

    @Test("a listed network that admits nearly all and holds the gateway is a note: it may admit everybody")
    func network() throws {
        let findings = try examine(
            denied: ["203.0.113.5": 1], admitted: ["10.0.0.0/24": 40], gateways: ["10.0.0.1"], allowed: ["10.0.0.0/24"])
        #expect(severity(findings) == [.note])
        #expect(findings[0].seen == "40 of 41 connections were admitted by 10.0.0.0/24, in which this host's gateway is, 10.0.0.1")
        #expect(try severity(examine(denied: [:], admitted: ["10.0.0.0/24": 40], gateways: ["10.0.1.1"])) == [.ok])
        #expect(try severity(examine(denied: ["203.0.113.5": 10], admitted: ["10.0.0.0/24": 40], gateways: ["10.0.0.1"])) == [.ok])
    }

    @Test("a source NAT of today isn't hidden by yesterday's denials")
    func today() throws {
        let day = ["203.0.113.5": 900, "198.51.100.1": 900, "172.17.0.1": 30]
        let found = try examine(denied: day, gateways: ["10.0.0.1"], recent: ["172.17.0.1": 30])
        #expect(
            severity(found) == [.wrong] && found[0].seen.hasPrefix("30 of 30 denials within the last hour were of 172.17.0.1, a private"))
        #expect(try severity(examine(denied: day, recent: ["172.17.0.1": 9])) == [.ok])
        #expect(try severity(examine(denied: day, recent: ["172.17.0.1": 30, "203.0.113.5": 30])) == [.ok])
        #expect(try severity(examine(denied: day, balancers: ["172.17.0.1"], recent: ["172.17.0.1": 30])) == [.ok])
        // Somebody from outside came in meanwhile: addresses arrive, and this is a tool that asks in vain.
        let admitted = ["34.202.14.153": 5]
        let minutesAgo = GrantScene.start.advanced(byMilliseconds: -600_000)
        #expect(try severity(examine(denied: day, admitted: admitted, recent: ["172.17.0.1": 30], lastSeen: minutesAgo)) == [.ok])
        let yesterday = GrantScene.start.advanced(byMilliseconds: -86_400_000)
        #expect(try severity(examine(denied: day, admitted: admitted, recent: ["172.17.0.1": 30], lastSeen: yesterday)) == [.wrong])
    }

    @Test("a denial of this host's gateway, or of a neighbour, is a note, however few there are")
    func neighbours() throws {
        let day = ["203.0.113.5": 900, "198.51.100.1": 900, "10.0.0.1": 1, "10.0.0.44": 2]
        let notes = try examine(
            denied: day, gateways: ["10.0.0.1"], balancers: ["10.0.0.4"], recent: ["10.0.0.44": 1], onLink: ["10.0.0.0/24"])
        #expect(severity(notes) == [.note])
        #expect(
            notes[0].seen == "turned away were 10.0.0.44, a neighbour of this host's (2 times within a day, 1 within the last hour), "
                + "10.0.0.1, this host's gateway (1 times within a day, 0 within the last hour)")
        #expect(try severity(examine(denied: ["10.0.0.4": 2], balancers: ["10.0.0.4"], onLink: ["10.0.0.0/24"])) == [.unexamined])
        #expect(try severity(examine(denied: ["10.0.0.1": 1], gateways: ["10.0.0.1"])) == [.note, .unexamined])
        #expect(try severity(examine(denied: day, onLink: ["192.168.7.0/24"])) == [.ok])
    }

    @Test("neighbours who are too many to be told apart are told as a network")
    func manyNeighbours() throws {
        func notes(_ network: String) throws -> [ExaminationFinding] {
            var tally = DenialTally()
            tally.networks = [.init(prefix: try AddressPrefix(parsing: network), count: 40)]
            return SourceExamination(
                admitted: [], denials: .success(tally), gateways: [], onLink: [try AddressPrefix(parsing: "10.0.0.0/16")], balancers: [],
                allowed: []
            ).findings.filter { $0.severity == .note }
        }
        #expect(
            try notes("10.0.3.0/24").map(\.seen) == [
                "turned away were many addresses of 10.0.3.0/24, this host's own network (40 times within a day)"
            ])
        #expect(try notes("192.0.2.0/24").isEmpty)
    }

    @Test("admissions and denials of one address are added")
    func sum() throws {
        #expect(try severity(examine(denied: ["10.0.0.1": 15], admitted: ["10.0.0.1": 15])) == [.wrong])
        #expect(try severity(examine(denied: ["10.0.0.1": 30], admitted: ["34.202.14.153": 30])) == [.ok])
        #expect(try severity(examine(denied: ["10.0.0.1": 30], admitted: ["34.202.14.0/24": 30])) == [.ok])
    }

    @Test("without a service and a ledger nothing is known, and that is said")
    func unknown() {
        let findings = SourceExamination(
            admitted: nil, denials: .failure(ControlFailure(.absent, "no service runs at /run/x")), gateways: [], balancers: [], allowed: []
        ).findings
        #expect(findings == [.unexamined(.sources, "who connects isn't known: no service runs at /run/x")])
    }
}
