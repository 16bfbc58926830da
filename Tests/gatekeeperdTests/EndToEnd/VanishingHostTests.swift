import Foundation
import Testing

@Suite("A ticket system's host that goes away without a word")
struct VanishingHostTests {
    /// What became of the requests, as `vanishing-host` tells it.
    private static func story() throws -> JSONValue {
        let folder = try TemporaryFolder()
        let certificates = try Certificates.shared()
        let leaf = certificates.leaf(.ecdsa)
        let script = Daemon.packageRoot.appendingPathComponent("Tests/gatekeeperdTests/Harness/vanishing-host").path
        let process = try ChildProcess(
            "unshare", ["--net", "python3", script, Daemon.binary, leaf.certificate, leaf.key, certificates.authority, folder.path],
            output: OpenFile(creating: folder.file("out")), errors: OpenFile(creating: folder.file("errors")), endingSignal: SIGTERM)
        let ending = try process.waitForEnd(seconds: 120)
        let errors = try String(contentsOfFile: folder.file("errors"), encoding: .utf8)
        guard ending == .exited(0) else { throw Failure("\(ending): \(errors)") }
        return try JSONValue(parsing: Data(contentsOf: URL(fileURLWithPath: folder.file("out"))))
    }

    @Test("costs no ticket once it is back, is told from a slow one within seconds, and is known by a check whatever other timeouts say")
    func vanishes() throws {
        let story = try Self.story()
        func numbers(_ name: String) -> [Double] { story[name]?.array?.compactMap(\.number) ?? [] }
        #expect((story["kept"]?.number ?? 0) >= 9)

        // It came back as another host: each kept connection is dead, and no POST meets one.
        #expect(numbers("posts_after_return") == Array(repeating: 200, count: 9))
        #expect(story["tickets"]?.number == 9)
        #expect(numbers("gets_after_return") == Array(repeating: 200, count: 9))

        // A firewall forgot: what can be repeated is, what can't says so, and neither takes `timeouts.response`.
        let get = numbers("get_forgotten")
        #expect(get.first == 200 && get[1] < 8, "\(get)")
        let post = numbers("post_forgotten")
        #expect(post.first == 502 && post[1] < 8, "\(post)")
        #expect(story["lost_reason"]?.string == "upstream_unreachable")
        #expect(story["lost_seen"]?.number == 0)
        #expect(numbers("post_afterwards") == Array(repeating: 200, count: 9))

        // Slow isn't dead.
        #expect(numbers("reads_late").first == 200)
        #expect(numbers("thinks").first == 200)

        // 60 s are allowed for a connection and for an acknowledgement.
        let hole = numbers("black_hole")
        #expect(hole.first == 503 && hole[1] < 15, "\(hole)")
        #expect((story["down_seconds"]?.number ?? 99) < 15)
    }
}
