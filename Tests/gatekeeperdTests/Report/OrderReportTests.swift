import Testing

@testable import gatekeeperd

@Suite("How it stands with the certificates")
struct OrderReportTests {
    private static let now = GrantScene.start
    private static let day: Int64 = 86_400_000

    private static func order(_ change: (inout OrderReport.Order) -> Void = { _ in }) -> OrderReport.Order {
        var order = OrderReport.Order(directory: "https://ca.example/dir", step: "resting")
        order.renewsAt = now.advanced(byMilliseconds: 30 * day)
        order.why = "lifetime"
        change(&order)
        return order
    }

    private static func certificate(_ order: OrderReport.Order?, endsIn days: Int64? = 60) -> OrderReport.Certificate {
        OrderReport.Certificate(
            names: ["tickets.example.org", "www.example.org"], issuer: "CN=CA",
            expiresAt: days.map { now.advanced(byMilliseconds: $0 * day) }, file: order == nil ? "/tls/fullchain.pem" : nil, order: order)
    }

    private static func text(_ certificate: OrderReport.Certificate) -> String {
        OrderReport(certificates: [certificate]).text(at: now)
    }

    @Test("a certificate in a file names who renews it")
    func file() {
        let text = Self.text(Self.certificate(nil))
        #expect(text.hasPrefix("tickets.example.org, www.example.org\n  issued by CN=CA, ends in 60d"), "\(text)")
        #expect(text.hasSuffix("renewed by whoever puts /tls/fullchain.pem there"), "\(text)")
    }

    @Test("one that is ordered says when next, and why then")
    func resting() {
        let text = Self.text(Self.certificate(Self.order()))
        #expect(text.contains("ordered from https://ca.example/dir\n  next: in 30d"), "\(text)")
        #expect(text.contains("as most of its lifetime is over then"), "\(text)")
        let paused = Self.order { $0.pausedUntil = Self.now.advanced(byMilliseconds: 40 * Self.day) }
        #expect(Self.text(Self.certificate(paused)).contains("next: in 40d"))
        let due = Self.order { $0.renewsAt = Self.now }
        #expect(Self.text(Self.certificate(due)).contains("next: now, "))
    }

    @Test(
        "none yet, an end that is past, steps and errors are said",
        arguments: [
            ("ordering", "under way: ordering"), ("withheld", "another door has the address now"), ("locked", "another process"),
        ])
    func steps(step: String, says: String) {
        let order = Self.order {
            $0.step = step
            $0.failure = .init(at: Self.now.advanced(byMilliseconds: -60_000), reason: "challenge", text: "the name leads elsewhere")
        }
        let text = Self.text(Self.certificate(order, endsIn: nil))
        #expect(text.contains("none is there yet: clients get an alert"), "\(text)")
        #expect(text.contains(says) && text.contains("last error, 1m ago: the name leads elsewhere"), "\(text)")
        #expect(Self.text(Self.certificate(order, endsIn: -1)).contains("ENDED 1d ago"))
    }

    @Test("scripts get the days that are left, and who needs attention")
    func json() {
        var report = OrderReport(certificates: [Self.certificate(Self.order { $0.failureCounts = ["challenge": 2] })])
        #expect(report.json(at: Self.now).text.contains(#""days_left":60"#))
        #expect(report.json(at: Self.now).text.contains(#""failures":{"challenge":2}"#))
        #expect(report.json(at: Self.now)["needs_attention"]?.boolean == false)
        report.certificates[0].needsAttention = true
        #expect(report.json(at: Self.now)["needs_attention"]?.boolean == true)
        #expect(!report.certificates[0].json(at: nil).text.contains("days_left"))
    }
}
