import Testing

@testable import Gatekeeper
@testable import gatekeeperd

struct OutboundRowTests {
    private static let secured = OutboundHost("a.example", role: "tickets")
    private static let range = OutboundHost("b.example", ports: 2001...2500, role: "sessions")

    static func certificate(isPublic: Bool) -> CertificateChain.Certificate {
        var certificate = CertificateChain.Certificate()
        certificate.issuer = "CN=Inspection \u{1b}[31m"
        certificate.hasPublicIssuer = isPublic
        return certificate
    }

    private static func row(_ host: OutboundHost, _ reaches: [DryRun.Reach?], v6: Set<Int> = []) throws -> OutboundRow {
        let addresses = try reaches.indices.map { index in
            try PeerAddress(parsing: v6.contains(index) ? "2001:db8::\(index + 1)" : "192.0.2.\(index + 1)")
        }
        return OutboundRow(
            host: host, addresses: addresses,
            attempts: zip(addresses, reaches).map {
                OutboundRow.Attempt(address: SocketAddress(address: $0, port: host.ports.lowerBound), reach: $1)
            })
    }

    private static let good = DryRun.Reach(connectMilliseconds: 10, handshakeMilliseconds: 30, certificate: certificate(isPublic: true))

    private static func failed(_ reason: String, taken: Bool = false, isPublic: Bool = false) -> DryRun.Reach {
        DryRun.Reach(connectMilliseconds: taken ? 10 : nil, failure: reason, certificate: taken ? certificate(isPublic: isPublic) : nil)
    }

    @Test("what was seen of a host has one word")
    func verdicts() throws {
        let cases: [(OutboundRow, OutboundRow.Verdict)] = [
            (try Self.row(Self.secured, [Self.good, Self.good]), .ok),
            (try Self.row(Self.secured, []), .noName),
            (try Self.row(Self.secured, [nil]), .notTried),
            (try Self.row(Self.secured, [Self.failed("connect_timeout")]), .blocked),
            (try Self.row(Self.secured, [Self.failed("connect_refused")]), .refused),
            (try Self.row(Self.secured, [Self.good, Self.failed("connect_timeout")]), .partly),
            (try Self.row(Self.secured, [Self.good, Self.failed("upstream_certificate_untrusted", taken: true)]), .intercepted),
            (try Self.row(Self.secured, [Self.failed("upstream_certificate_name", taken: true)]), .intercepted),
            (try Self.row(Self.secured, [Self.failed("upstream_certificate_name", taken: true, isPublic: true)]), .distrusted),
            (try Self.row(Self.secured, [Self.failed("upstream_certificate_expired", taken: true, isPublic: true)]), .distrusted),
            (try Self.row(Self.secured, [Self.failed("upstream_tls", taken: true)]), .cut),
            (try Self.row(Self.range, [DryRun.Reach(connectMilliseconds: 1), Self.failed("connect_refused")]), .ok),
            (try Self.row(Self.range, [Self.failed("connect_refused")]), .refused),
            (try Self.row(Self.range, [DryRun.Reach(connectMilliseconds: 1), Self.failed("connect_timeout")]), .partly),
        ]
        for (row, verdict) in cases { #expect(row.verdict == verdict, "\(row)") }
    }

    @Test("a certificate that is trusted and by nobody public is opened TLS all the same")
    func trustedInspection() throws {
        let reach = DryRun.Reach(connectMilliseconds: 10, handshakeMilliseconds: 30, certificate: Self.certificate(isPublic: false))
        let row = try Self.row(Self.secured, [reach])
        #expect(row.verdict == .intercepted)
        #expect(row.detail?.contains("which this machine trusts") == true)
        #expect(row.detail?.contains("\u{1b}") == false)
        #expect(row.request == "except a.example from TLS inspection")
    }

    @Test("no IPv6 on this machine is no firewall's doing")
    func noIPv6() throws {
        let unreachable = Self.failed("connect_unreachable")
        #expect(try Self.row(Self.secured, [Self.good, unreachable], v6: [1]).verdict == .ok)
        #expect(try Self.row(Self.secured, [unreachable], v6: [0]).verdict == .blocked)
    }

    @Test("of a range every port refused is no finding, of a single port it is")
    func findings() throws {
        #expect(try !Self.row(Self.range, [Self.failed("connect_refused")]).isFinding)
        #expect(try Self.row(Self.secured, [Self.failed("connect_refused")]).isFinding)
        for verdict in OutboundRow.Verdict.allCases where verdict != .ok { #expect(verdict.rawValue.count <= 11) }
    }

    @Test("both ends of a range are tried, and some between")
    func sample() {
        #expect(Self.range.sample == [2001, 2125, 2250, 2375, 2500])
        #expect(Self.secured.sample == [443])
        #expect(OutboundHost("c.example", ports: 5...7, role: "").sample == [5, 6, 7])
    }

    @Test("of many addresses both families are tried")
    func chosen() throws {
        let old = (1...6).map { PeerAddress(ipv4: 0xc000_0200 + $0) }
        let new = (1...6).map { PeerAddress(high: 0x2001_0db8_0000_0000, low: $0) }
        #expect(OutboundProbe.chosen(new + old) == Array(old.prefix(2)) + new.prefix(2))
        #expect(OutboundProbe.chosen(old) == Array(old.prefix(4)))
        #expect(OutboundProbe.chosen([old[0]] + new) == [old[0]] + new.prefix(3))
    }

    @Test("no line of a report is wider than a mail takes, whatever was seen")
    func width() throws {
        let reason = "upstream_certificate_untrusted"
        let rows = try VendorPreset.all[0].outbound.map { host in
            try Self.row(host, host.isTLS ? [Self.failed(reason, taken: true), Self.good] : [Self.failed("connect_timeout")], v6: [1])
        }
        let report = OutboundReport(
            title: "Tier2Tickets", source: VendorPreset.all[0].source, time: WallTime(milliseconds: 0), rows: rows,
            proxyVariables: ["https_proxy", "HTTPS_PROXY", "all_proxy"])
        #expect(!report.isWell)
        for line in report.lines { #expect(line.count <= OutboundReport.columnsMax, "\(line)") }
        #expect(report.lines.contains { $0.hasSuffix("blocked") })
    }

    @Test("variables that name a proxy are told by name")
    func proxies() {
        #expect(OutboundReport.proxyVariables { $0 == "HTTPS_PROXY" ? "http://u:p@h" : nil } == ["HTTPS_PROXY"])
        #expect(OutboundReport.proxyVariables { _ in "" }.isEmpty)
    }

    @Test("a script has every host, and as many brackets open as close", arguments: OutboundScript.Language.allCases, [false, true])
    func scripts(language: OutboundScript.Language, isComplete: Bool) {
        let preset = VendorPreset.all[0]
        let text = OutboundScript(preset, isComplete: isComplete).text(in: language)
        for host in preset.outbound { #expect(text.contains(host.name)) }
        #expect(text.contains("2500") && text.contains("2002") == isComplete)
        #expect(!text.contains { !$0.isASCII })
        guard language == .powershell else { return }
        for (open, close) in [("{", "}"), ("(", ")"), ("[", "]")] {
            #expect(text.count { String($0) == open } == text.count { String($0) == close }, "\(open)")
        }
        #expect(text.count { $0 == "\"" } % 2 == 0)
    }
}
