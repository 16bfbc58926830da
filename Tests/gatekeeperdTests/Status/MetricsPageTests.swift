import Gatekeeper
import Testing

@testable import gatekeeperd

struct MetricsPageTests {
    private let now = GrantScene.start

    private func metrics(_ observation: Observation) throws -> ExpositionReader { try ExpositionReader(MetricsPage(observation).text) }

    @Test("a service of which nothing is known yet has metrics all the same")
    func empty() throws {
        let metrics = try metrics(Observation())
        #expect(metrics["gatekeeper_connections_open"] == 0)
        #expect(metrics["gatekeeper_requests_total", ["outcome": "completed", "status": "2xx"]] == 0)
        for reason in DenialReason.allCases {
            // A packet is no connection.
            #expect(metrics["gatekeeper_connections_denied_total", ["reason": "\(reason.word)"]] == (reason == .dropped ? nil : 0))
        }
        #expect(metrics.kinds.keys.allSatisfy { $0.hasPrefix("gatekeeper_") })
    }

    @Test("every number is told under its name")
    func numbers() throws {
        var observation = Observation()
        var report = StatusReport()
        report.startedAt = now
        report.configuration = .init(generation: 7, loadedAt: now.advanced(byMilliseconds: 1_500))
        report.openConnections = 2
        report.admittedCount = 40
        report.upstreams = [.init(url: "http://a", isUp: true, openConnections: 3), .init(url: "http://b", isUp: false)]
        report.certificates = [
            .init(
                file: "/c.pem", names: ["a.example", "b.example"], startsAt: now.advanced(byMilliseconds: -1_000), expiresAt: now)
        ]
        report.sources = [
            .init(address: "192.0.2.7", label: "vendor", lastSeenAt: now, openConnections: 1, admittedCount: 39, requestCount: 400),
            .init(address: "192.0.2.8", label: "never came", listedAt: now),
        ]
        report.problems = ["a", "b"].map { Problem(.upstreamDown, of: $0, "text", cure: "cure", since: now) }
        report.shield = .init(state: "up", droppedCount: 4_711)
        observation.report = report
        observation.sourceCount = 2
        observation.linesDropped = 5
        observation.isLastReloadFine = false
        var verdict = ExchangeVerdict(peer: PeerAddress(ipv4: 1), listener: 0, endedMilliseconds: 0)
        verdict.status = 403
        verdict.outcome = .refused
        verdict.durationNanoseconds = 20_000_001
        verdict.bytesIn = 11
        verdict.bytesOut = 12
        observation.verdicts.count(verdict)
        observation.verdicts.count(.expired)
        observation.verdicts.countTLSFailure("reset")
        let metrics = try metrics(observation)
        let expected: [(name: String, labels: [String: String], value: Double)] = [
            ("build_info", ["version": Version.current], 1), ("process_start_time_seconds", [:], 1_800_000_000),
            ("log_lines_dropped_total", [:], 5), ("problems", ["kind": "upstream_down"], 2), ("problems", ["kind": "log_lost"], 0),
            ("connections_open", [:], 2),
            ("connections_admitted_total", [:], 40),
            ("connections_denied_total", ["reason": "expired"], 1), ("packets_dropped_total", [:], 4_711), ("shield_up", [:], 1),
            ("tls_failures_total", [:], 1),
            ("requests_total", ["outcome": "refused", "status": "4xx"], 1), ("request_duration_seconds_bucket", ["le": "0.01"], 0),
            ("request_duration_seconds_bucket", ["le": "0.025"], 1), ("request_duration_seconds_sum", [:], 0.020000001),
            ("request_bytes_total", [:], 11), ("response_bytes_total", [:], 12), ("upstream_up", ["upstream": "http://a"], 1),
            ("upstream_up", ["upstream": "http://b"], 0), ("upstream_connections_open", ["upstream": "http://a"], 3),
            ("certificate_not_after_timestamp_seconds", ["file": "/c.pem", "names": "a.example b.example"], 1_800_000_000),
            ("certificate_not_before_timestamp_seconds", ["file": "/c.pem", "names": "a.example b.example"], 1_799_999_999),
            ("configuration_last_reload_successful", [:], 0), ("configuration_generation", [:], 7),
            ("configuration_loaded_timestamp_seconds", [:], 1_800_000_001.5), ("configuration_unconfirmed", [:], 0),
            ("grants_active", [:], 0), ("sources", [:], 2),
            ("source_connections_open", ["address": "192.0.2.7", "label": "vendor"], 1),
            ("source_connections_admitted_total", ["address": "192.0.2.7", "label": "vendor"], 39),
            ("source_requests_total", ["address": "192.0.2.7", "label": "vendor"], 400),
        ]
        for (name, labels, value) in expected { #expect(metrics["gatekeeper_" + name, labels] == value, "\(name)") }
        let never = ["address": "192.0.2.8", "label": "never came"]
        #expect(metrics["gatekeeper_source_requests_total", never] == 0, "whoever is listed has a series, or nobody would miss him")
        #expect(metrics["gatekeeper_source_listed_timestamp_seconds", never] == 1_800_000_000)
        #expect(metrics["gatekeeper_source_last_seen_timestamp_seconds", never] == nil)
        let vendor = ["address": "192.0.2.7", "label": "vendor"]
        #expect(metrics["gatekeeper_source_last_seen_timestamp_seconds", vendor] == 1_800_000_000)
    }

    @Test(
        "whatever a label holds, it is one label",
        arguments: ["\"", "\\", "\n", "a\"} 1\nevil 2", "\\n", "ö → 💥", "\r\n", "\\\"", "<script>"])
    func escaping(label: String) throws {
        var observation = Observation()
        observation.report.sources = [.init(address: "192.0.2.7", label: label, lastSeenAt: now, requestCount: 3)]
        #expect(try metrics(observation)["gatekeeper_source_requests_total", ["address": "192.0.2.7", "label": label]] == 3)
    }

    @Test("a source, an upstream or a certificate that is there twice is one series")
    func duplicates() throws {
        var observation = Observation()
        observation.report.sources = [
            .init(address: "192.0.2.7", label: "a", lastSeenAt: now, requestCount: 3),
            .init(address: "192.0.2.7", label: "a", lastSeenAt: now, requestCount: 3),
        ]
        observation.report.upstreams = [.init(url: "http://a", isUp: true), .init(url: "http://a", isUp: true)]
        observation.report.certificates = Array(repeating: .init(file: "/c.pem", names: ["a"], expiresAt: now), count: 2)
        #expect(try metrics(observation)["gatekeeper_source_requests_total", ["address": "192.0.2.7", "label": "a"]] == 3)
    }

    @Test("of very many sources the most recently seen have series, and all are counted")
    func manySources() throws {
        var observation = Observation()
        observation.report.sources = (0..<5_000).map { .init(address: "10.0.\($0 / 250).\($0 % 250)", lastSeenAt: now, requestCount: 1) }
        observation.sourceCount = 1_000_000
        let metrics = try metrics(observation)
        #expect(metrics["gatekeeper_sources"] == 1_000_000)
        #expect(metrics.values.keys.count { $0.name == "gatekeeper_source_requests_total" } == MetricsPage.sourcesMax)
    }

    @Test(
        "the reader of these tests is strict",
        arguments: [
            "a 1\n", "# HELP a h\n# TYPE a gauge\na 1", "# HELP a h\n# TYPE a gauge\na x\n", "# HELP a h\n# TYPE a gauge\na 1\na 1\n",
            "# HELP a h\n# TYPE a counter\na 1\n", "# HELP a h\n# TYPE a gauge\nb 1\n", "# HELP a h\n# TYPE a gauge\na{x=\"\\y\"} 1\n",
            "# HELP a h\n# TYPE a gauge\na{x=\"y} 1\n", "# TYPE a gauge\na 1\n", "# HELP a h\n# TYPE a histogram\na_count 1\na_sum 1\n",
        ])
    func strictness(text: String) {
        #expect(throws: Failure.self) { try ExpositionReader(text) }
    }
}
