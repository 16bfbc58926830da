import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Is it the clients' own addresses that arrive?")
struct SourceExaminationTests {
    private func examine(
        denied: [String: Int], others: Int = 0, admitted: [String: Int]? = [:], gateways: [String] = [], balancers: [String] = [],
        allowed: [String] = []
    ) throws -> [Remark] {
        var tally = DenialTally()
        tally.sources = try denied.map { DenialTally.Source(address: try PeerAddress(parsing: $0), count: $1) }
        tally.total = denied.values.reduce(others, +)
        return SourceExamination(
            admitted: try admitted?.map { ServiceState.Source(prefix: try AddressPrefix(parsing: $0), admitted: $1) },
            denials: .success(tally), gateways: try gateways.map { try PeerAddress(parsing: $0) },
            balancers: try balancers.map { try AddressPrefix(parsing: $0) }, allowed: try allowed.map { try AddressPrefix(parsing: $0) }
        ).remarks
    }

    private func severity(_ remarks: [Remark]) -> [Remark.Severity] { remarks.map(\.severity) }

    @Test(
        "nearly all from one private address is a finding that says which and how many",
        arguments: ["10.0.0.1", "100.64.3.2", "fd00::1", "127.0.0.1"])
    func translated(address: String) throws {
        let remarks = try examine(denied: [address: 96, "203.0.113.5": 4])
        #expect(severity(remarks) == [.finding])
        #expect(remarks[0].seen.hasPrefix("96 of 100 connections came from \(address), a private address"))
        #expect(remarks[0].advice?.contains("Don't list that address") == true)
    }

    @Test("this host's gateway is one whatever its address is")
    func gateway() throws {
        let remarks = try examine(denied: ["203.0.113.1": 40], gateways: ["203.0.113.1"])
        #expect(severity(remarks) == [.finding])
        #expect(remarks[0].seen.contains("40 of 40 connections came from 203.0.113.1, which is this host's gateway"))
    }

    @Test("nine tenths are not nearly all, nor are they with what can't be told apart")
    func several() throws {
        #expect(try severity(examine(denied: ["10.0.0.1": 90, "203.0.113.5": 10])) == [.ok])
        #expect(try severity(examine(denied: ["10.0.0.1": 91, "203.0.113.5": 9])) == [.finding])
        #expect(try severity(examine(denied: ["10.0.0.1": 96], others: 20)) == [.ok])
    }

    @Test("one public address is a client that asks often")
    func publicAddress() throws {
        let remarks = try examine(denied: ["203.0.113.5": 500])
        #expect(severity(remarks) == [.ok] && remarks[0].seen.hasSuffix("which is a public address"))
    }

    @Test("too few connections prove nothing, and are told as not examined")
    func few() throws {
        #expect(try severity(examine(denied: ["10.0.0.1": 19])) == [.unexamined])
        #expect(try severity(examine(denied: ["10.0.0.1": 20])) == [.finding])
        #expect(try severity(examine(denied: [:])) == [.unexamined])
    }

    @Test("a load balancer that names its clients is left out, and they are counted")
    func balancer() throws {
        #expect(try severity(examine(denied: ["10.0.0.4": 1000], balancers: ["10.0.0.4"])) == [.unexamined])
        let clients = ["10.0.0.4": 1000, "203.0.113.5": 10, "198.51.100.1": 10]
        #expect(try severity(examine(denied: clients, balancers: ["10.0.0.0/24"])) == [.ok])
    }

    @Test("a listed tool of the admin's own is none, unless it is the gateway, which admits everybody")
    func listed() throws {
        let tool = try examine(denied: [:], admitted: ["10.0.0.7": 400], allowed: ["10.0.0.7"])
        #expect(severity(tool) == [.ok] && tool[0].seen.hasSuffix("which is on the allow-list"))
        let gateway = try examine(denied: [:], admitted: ["10.0.0.1": 400], gateways: ["10.0.0.1"], allowed: ["10.0.0.1"])
        #expect(severity(gateway) == [.finding, .finding])
        #expect(gateway[0].seen.hasPrefix("the allow-list has 10.0.0.1, which is this host's gateway"))
        // A network that holds the gateway is an office, as a rule.
        #expect(try severity(examine(denied: ["203.0.113.5": 30], gateways: ["10.0.0.1"], allowed: ["10.0.0.0/24"])) == [.ok])
    }

    @Test("a listed network that admits nearly all and holds the gateway is a note: it may admit everybody")
    func network() throws {
        let remarks = try examine(
            denied: ["203.0.113.5": 1], admitted: ["10.0.0.0/24": 40], gateways: ["10.0.0.1"], allowed: ["10.0.0.0/24"])
        #expect(severity(remarks) == [.note])
        #expect(remarks[0].seen == "40 of 41 connections were admitted by 10.0.0.0/24, in which this host's gateway is, 10.0.0.1")
        #expect(try severity(examine(denied: [:], admitted: ["10.0.0.0/24": 40], gateways: ["10.0.1.1"])) == [.ok])
        #expect(try severity(examine(denied: ["203.0.113.5": 10], admitted: ["10.0.0.0/24": 40], gateways: ["10.0.0.1"])) == [.ok])
    }

    @Test("admissions and denials of one address are added")
    func sum() throws {
        #expect(try severity(examine(denied: ["10.0.0.1": 15], admitted: ["10.0.0.1": 15])) == [.finding])
        #expect(try severity(examine(denied: ["10.0.0.1": 30], admitted: ["34.202.14.153": 30])) == [.ok])
        #expect(try severity(examine(denied: ["10.0.0.1": 30], admitted: ["34.202.14.0/24": 30])) == [.ok])
    }

    @Test("without a service and a ledger nothing is known, and that is said")
    func unknown() {
        let remarks = SourceExamination(
            admitted: nil, denials: .failure(ControlFailure(.absent, "no service runs at /run/x")), gateways: [], balancers: [], allowed: []
        ).remarks
        #expect(remarks == [.unexamined(.sources, "who connects isn't known: no service runs at /run/x")])
    }
}
