import Foundation
import HTTPFixtures
import Testing

/// Nobody between the client and the ticket system may read a byte stream differently: what the daemon took for a request, the ticket
/// system must take for one, and for the same.
@Suite(.serialized) struct OracleTests {
    /// What a scripted ticket system saw, read by the tests' own parser.
    private struct Recorded {
        let run: OracleRun
        /// For each stream of the fixtures.
        let requests: [[RawMessage]]
        /// For each connection to the upstream.
        let transcripts: [Int: [UInt8]]
    }

    private static let recorded = Result {
        let transcripts = Transcripts()
        let upstream = try ScriptedUpstream(
            UpstreamScript { connection in
                connection.tap = { transcripts.add($0, to: connection.number) }
                while let request = try connection.request() {
                    try connection.respond(fields: ["X-Oracle: 1"], body: request.method == "HEAD" ? "" : "ok")
                }
            })
        var counts: [Int] = []
        let run = try OracleRun(upstream: upstream.url) { _ in counts.append(upstream.requests.count) }
        _ = upstream.waitForOpenConnections(atMost: 0)
        let all = upstream.requests
        let requests = zip([0] + counts, counts).map { Array(all[$0..<$1]) }
        return Recorded(run: run, requests: requests, transcripts: transcripts.all)
    }

    @Test("the ticket system sees a request for each that the client is answered from there, and for none that was refused")
    func count() throws {
        let recorded = try Self.recorded.get()
        #expect(Fixture.requests.count >= 250)
        for (index, fixture) in Fixture.requests.enumerated() {
            let answers = recorded.run.answers[index]
            let accepted = fixture.outcome.filter { $0.hasPrefix("accept") }
            #expect(answers.count(where: \.isForwarded) == accepted.count, "\(fixture): \(answers)")
            #expect(recorded.requests[index].count == accepted.count, "\(fixture): \(answers)")
        }
    }

    @Test("h11 finds the same requests in the bytes that reached the ticket system")
    func h11() throws {
        let recorded = try Self.recorded.get()
        let folder = try TemporaryFolder()
        let transcripts = recorded.transcripts.sorted { $0.key < $1.key }
        let streams = transcripts.map { Data($0.value).base64EncodedString() }
        let input = try folder.write(String(decoding: JSONSerialization.data(withJSONObject: streams), as: UTF8.self), to: "streams")
        let python = try PreparedFolder(named: "oracle").path + "/venv/bin/python"
        let process = try ChildProcess(
            python, [PreparedFolder.script("requests-by-h11")], input: OpenFile(reading: input),
            output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("errors")))
        #expect(try process.waitForEnd() == .exited(0))
        let found = try JSONDecoder().decode([[[String]]].self, from: Data(contentsOf: URL(fileURLWithPath: folder.file("out"))))
        let requests = Dictionary(grouping: recorded.requests.joined(), by: \.connection)
        #expect(found.count == transcripts.count)
        for (connection, found) in zip(transcripts.map(\.key), found) {
            let expected = (requests[connection] ?? []).map { [$0.method, $0.target, Digest.hex(of: $0.body)] }
            #expect(found == expected)
        }
    }

    @Test("nginx as the ticket system sees the same requests")
    func nginx() throws {
        let recorded = try Self.recorded.get()
        let nginx = try Nginx()
        let run = try OracleRun(upstream: nginx.url)
        let seen = try nginx.stop()
        var expected: [Nginx.Access] = []
        var refusals = 0
        for (index, fixture) in Fixture.requests.enumerated() {
            let answers = run.answers[index].filter(\.isForwarded)
            let requests = recorded.requests[index]
            #expect(answers.count == requests.count, "\(fixture): \(answers)")
            for (answer, request) in zip(answers, requests) {
                if answer.status == 204 {
                    expected.append(Nginx.Access(method: request.method, target: request.target, status: 204))
                } else {
                    refusals += 1
                }
            }
        }
        // What nginx logs with another status it took for no whole request, and passed nothing on.
        #expect(seen.filter { $0.status == 204 } == expected)
        // A method beyond letters, `/100%`, and `*` twice: legal, and more than nginx takes.
        #expect(refusals == 4)
        #expect(expected.count >= 100)
    }
}
