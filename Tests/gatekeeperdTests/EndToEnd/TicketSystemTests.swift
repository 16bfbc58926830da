import Foundation
import Testing

/// The main job, with a real ticket system and the client that vendors use: Roundup behind the binary, curl in front.
@Suite("A real ticket system behind the door")
struct TicketSystemTests {
    private static let json = ["-H", "Content-Type: application/json"]

    @Test("an admitted peer creates, reads and edits a ticket")
    func lifeOfATicket() throws {
        let roundup = try Roundup()
        let created = try roundup.curl("issue", Self.json + ["-i", "-d", #"{"title": "printer on fire"}"#])
        #expect(created.exitCode == 0, "\(created.errors)")
        #expect(created.status == 201, "\(created.text)")
        #expect(created.text.contains("Location: \(roundup.url)/rest/data/issue/1\r\n"))

        let read = try roundup.curl("issue/1", ["-i"])
        #expect(read.status == 200)
        #expect(read.text.contains("printer on fire"))
        let etag = try #require(read.text.firstMatch(of: /(?i)\r\netag: (.+)\r\n/)?.1)

        let edit = Self.json + ["-X", "PUT", "-d", #"{"title": "printer was on fire"}"#]
        #expect(try roundup.curl("issue/1", edit + ["-H", "If-Match: \(etag)"]).status == 200)
        #expect(try roundup.curl("issue/1").text.contains("printer was on fire"))
        // The edit has made that tag a thing of the past.
        #expect(try roundup.curl("issue/1", edit + ["-H", "If-Match: \(etag)"]).status == 412)

        #expect(try roundup.daemon.terminate() == .exited(0))
        let lines = roundup.daemon.lines("request")
        #expect(lines.compactMap { $0.number("status") }.sorted() == [200, 200, 200, 201, 412])
        #expect(lines.allSatisfy { $0.peer == "127.0.0.2" })
    }

    @Test("a gzipped ticket is edited by the tag that came with it")
    func entityTagOfACodedAnswer() throws {
        let roundup = try Roundup()
        #expect(try roundup.curl("issue", Self.json + ["-d", #"{"title": "first"}"#]).status == 201)
        let read = try roundup.curl("issue/1", ["-i", "--compressed"])
        let etag = try #require(read.text.firstMatch(of: /(?i)\r\netag: (.+)\r\n/)?.1)
        let edit = Self.json + ["-X", "PUT", "-H", "If-Match: \(etag)", "-d", #"{"title": "second"}"#]
        #expect(try roundup.curl("issue/1", edit).status == 200)
    }

    @Test("a file of 2 MB comes back byte for byte, whole and in part")
    func attachment() throws {
        let roundup = try Roundup()
        let folder = try TemporaryFolder()
        let sent = try folder.writeRandom(2 << 20, to: "sent.bin")
        let received = folder.file("received.bin")
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: sent)))

        let created = try roundup.curl("file", ["-F", "name=sent.bin", "-F", "type=application/octet-stream", "-F", "content=@\(sent)"])
        #expect(created.status == 201, "\(created.text) \(created.errors)")
        #expect(try roundup.curl("file/1/binary_content", ["-o", received]).status == 200)
        #expect(FileManager.default.contentsEqual(atPath: sent, andPath: received))

        let part = try Curl(roundup.api + ["-r", "1000-1999", "\(roundup.url)/file1/"])
        #expect(part.status == 206)
        #expect(part.output == Array(bytes[1000..<2000]))
        let page = try Curl(roundup.api + ["-i", "-o", received, "-D", folder.file("head"), "\(roundup.url)/file1/"])
        #expect(page.status == 200)
        let head = try String(contentsOfFile: folder.file("head"), encoding: .utf8)
        let modified = try #require(head.firstMatch(of: /(?i)\r\nlast-modified: (.+)\r\n/)?.1)
        #expect(try Curl(roundup.api + ["-H", "If-Modified-Since: \(modified)", "\(roundup.url)/file1/"]).status == 304)
    }

    @Test("wrong credentials and missing tickets are told in the tracker's own words")
    func errorsOfTheTracker() throws {
        let roundup = try Roundup()
        let host = "Host: 127.0.0.1:\(roundup.daemon.port)"
        let cases = [("rest/data/issue/999", "demo:demo", 404), ("rest/data/issue", "demo:wrong", 401), ("nothing", "demo:demo", 404)]
        for (path, credentials, status) in cases {
            let through = try Curl(["-u", credentials, "\(roundup.url)/\(path)"])
            let direct = try Curl(["-u", credentials, "-H", host, "\(roundup.directURL)/\(path)"], from: nil)
            #expect(through.status == status)
            #expect(direct.status == status)
            #expect(through.output == direct.output)
        }
    }

    @Test("HEAD is answered, and what the tracker sends after it harms nobody")
    func headThenOthers() throws {
        let roundup = try Roundup()
        for path in ["/demo", "/favicon.ico", "/demo/"] {
            let head = try Curl(["-I", roundup.daemon.url + path])
            #expect(head.exitCode == 0, "\(path): \(head.errors)")
            #expect(head.status != 502, "\(path)")
            let next = try roundup.curl("issue")
            #expect(next.status == 200)
            #expect(next.text.contains("collection"))
        }
    }

    @Test("ten requests share one connection")
    func tenRequests() throws {
        let roundup = try Roundup()
        let run = try roundup.curl("issue?@page_size=[1-10]")
        #expect(run.transfers.count == 10)
        let statuses = run.transfers.compactMap { $0["response_code"]?.number }
        #expect(statuses == Array(repeating: 200, count: 10), "\(run.text) \(run.errors) \(roundup.daemon.log.all)")
        #expect(run.transfers.compactMap { $0["num_connects"]?.number }.reduce(0, +) == 1)
    }

    @Test("an early 401 reaches a client that still uploads", arguments: [["-H", "Expect:"], ["-H", "Expect: 100-continue"]])
    func earlyAnswer(expect: [String]) throws {
        let roundup = try Roundup()
        let folder = try TemporaryFolder()
        let file = try folder.write(String(repeating: "x", count: 2 << 20), to: "large")
        let run = try Curl(
            ["-u", "demo:wrong", "-H", "Origin: \(roundup.daemon.url)", "-H", "X-Requested-With: rest"] + expect
                + ["-F", "name=large", "-F", "content=@\(file)", "\(roundup.url)/rest/data/file"])
        #expect(run.status == 401, "\(run.text) \(run.errors)")
        #expect(run.exitCode == 0, "\(run.errors)")
    }

    @Test("a redirect to our own authority by http becomes https, a relative one stays")
    func redirects() throws {
        let roundup = try Roundup()
        let absolute = try Curl(["-i", roundup.url])
        #expect(absolute.text.contains("\r\nLocation: https://127.0.0.1:\(roundup.daemon.port)/demo/\r\n"), "\(absolute.text)")
        let followed = try Curl(["-L", "-o", "/dev/null", roundup.url])
        #expect(followed.status == 200)
        let relative = try Curl(["-i", roundup.daemon.url + "/"])
        #expect(relative.text.contains("\r\nLocation: demo/index\r\n"), "\(relative.text)")
    }

    @Test("what a client says about where it comes from never reaches the tracker")
    func forwardedFields() throws {
        let roundup = try Roundup()
        // Roundup refuses a write whose X-Forwarded-Host isn't its own, and logs the leftmost X-Forwarded-For as the client.
        let run = try roundup.curl(
            "issue",
            Self.json + [
                "-H", "X-Forwarded-For: 10.6.6.6", "-H", "X-Forwarded-Host: evil.example", "-H", "X-Forwarded-Host: other.example",
                "-d", #"{"title": "spoofed"}"#,
            ])
        #expect(run.status == 201, "\(run.text)")
        let line = try #require(roundup.log.split(separator: "\n").last { $0.contains("POST /demo/rest/data/issue") })
        // With a plus behind it where the address came from that field.
        #expect(line.hasPrefix("127.0.0.2+ ") || line.hasPrefix("127.0.0.2 "))
        #expect(!roundup.log.contains("10.6.6.6"))
    }

    @Test("a stranger's curl gets a reset, one line is written, and the tracker never hears of it")
    func stranger() throws {
        let roundup = try Roundup()
        #expect(try roundup.curl("issue").status == 200)
        let before = roundup.log

        let denied = try Curl(roundup.api + ["-v", "\(roundup.url)/rest/data/issue"], from: "127.0.0.9")
        // The reset met curl while it connected (7), in the TLS handshake (35) or when receiving (56).
        #expect([7, 35, 56].contains(denied.exitCode), "\(denied.exitCode): \(denied.errors)")
        #expect(denied.errors.contains("reset by peer"), "\(denied.errors)")
        #expect(denied.transfers.first?["time_appconnect"]?.number == 0)
        #expect(denied.output.isEmpty)

        try roundup.daemon.waitForLine(event: "denied")
        #expect(try roundup.curl("issue").status == 200)
        #expect(roundup.log.hasPrefix(before))
        #expect(roundup.log.dropFirst(before.count).split(separator: "\n").filter { $0.contains("GET") }.count == 1)
        #expect(!roundup.log.contains("127.0.0.9"))
        #expect(try roundup.daemon.terminate() == .exited(0))
        let lines = roundup.daemon.log.all.filter { $0.event?.hasPrefix("denied") == true }
        #expect(lines.count == 1)
        #expect(lines.first?.peer == "127.0.0.9")
        #expect(lines.first?.reason == "not_listed")
        #expect(lines.first?.number("count") == 1)
    }
}
