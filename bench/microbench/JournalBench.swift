import Gatekeeper
import Glibc

/// What a worker pays to have something logged: with the journal's thread reading along, writing to `/dev/null`.
struct JournalBench {
    func run() throws {
        let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        // Room for a whole round, so that what is timed is writing a record and never dropping one.
        let journal = try Journal.start(descriptor: null, workers: 1, listeners: ["0.0.0.0:443"], ringBytes: 64 << 20)
        let writer = journal.writer(worker: 0)
        let count = 10_000
        var verdict = ExchangeVerdict(
            peer: PeerAddress(ipv4: 0x22ca_0e99), listener: 0, endedMilliseconds: 1_770_000_000_000)
        verdict.label = "Tier2Tickets"
        verdict.status = 201
        verdict.upstreamNanoseconds = 1_200_000
        verdict.tls = .tls13
        let id = Array("01JABCDEFGHJKMNPQRSTVWXYZ0".utf8)
        let method = Array("POST".utf8)
        let path = Array("/api/tickets.json".utf8)
        let upstream = Array("http://10.0.0.5:8080".utf8)
        let host = Array("tickets.example.org".utf8)

        report(
            "request",
            Stopwatch.measure(count: count) {
                for index in 0..<count {
                    verdict.durationNanoseconds = UInt64(index)
                    writer.request(
                        verdict,
                        VerdictTexts(id: id.span, method: method.span, path: path.span, upstream: upstream.span, host: host.span))
                }
            })
        report(
            "denied",
            Stopwatch.measure(count: count) {
                for index in 0..<count {
                    writer.denied(
                        peer: PeerAddress(ipv4: UInt32(index)), listener: 0, reason: .notListed, wallMilliseconds: 1_770_000_000_000)
                }
            })
        journal.finish()
        close(null)
    }

    private func report(_ name: String, _ figure: Stopwatch.Figure) {
        print("  \(name.padded(to: 8)) \(figure.nanoseconds.short.padded(to: 8)) malloc \(figure.allocations)")
    }
}
