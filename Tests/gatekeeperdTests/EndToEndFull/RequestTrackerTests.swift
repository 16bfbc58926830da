import Foundation
import Testing

/// One system at a time: each is some processes of 100 MB and more, and seconds of work to start.
@Suite("Request Tracker behind the door", .serialized)
struct RequestTrackerTests {
    private static let json = ["-H", "Content-Type: application/json"]
    private static let ticket = #"{"Queue": "General", "Subject": "printer on fire", "Content": "help", "ContentType": "text/plain"}"#
    private static let comment = #"{"Content": "see the file", "ContentType": "text/plain"}"#

    @Test("a ticket is created, commented on, found, and changed by the tag that came with it")
    func lifeOfATicket() throws {
        let tracker = try RequestTracker()
        let created = try tracker.curl("ticket", Self.json + ["-i", "-d", Self.ticket])
        #expect(created.status == 201, "\(created.text) \(created.errors)")
        // A path, which is nothing of ours to change.
        #expect(created.text.contains("\r\nLocation: /rt/REST/2.0/ticket/1\r\n"), "\(created.text)")
        #expect(created.text.contains(#""_url":"\#(tracker.url)/REST/2.0/ticket/1""#), "\(created.text)")

        let comment = try tracker.curl("ticket/1/comment", Self.json + ["-d", Self.comment])
        #expect(comment.status == 201)
        #expect(try comment.json.array?.first?.string == "Comments added")
        let reply = try tracker.curl("ticket/1/correspond", Self.json + ["-H", "Transfer-Encoding: chunked", "-d", Self.comment])
        #expect(reply.status == 201)
        #expect(try reply.json.array?.first?.string == "Correspondence added")

        let found = try tracker.search("Subject LIKE 'printer'").json
        #expect(found["total"]?.number == 1)
        #expect(found["items"]?.array?.first?["_url"]?.string == "\(tracker.url)/REST/2.0/ticket/1")
        #expect(try tracker.search("Subject LIKE 'scanner'").json["total"]?.number == 0)

        let read = try tracker.curl("ticket/1", ["-i"])
        let etag = try #require(read.text.firstMatch(of: /(?i)\r\netag: (.+)\r\n/)?.1)
        // Not what RFC 9110 calls a date, and still its business.
        #expect(read.text.contains(/(?i)\r\nlast-modified: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\r\n/), "\(read.text)")
        #expect(try tracker.curl("ticket/1", ["-H", "If-None-Match: \(etag)"]).status == 304)
        let edit = Self.json + ["-X", "PUT", "-H", "If-Match: \(etag)", "-d", #"{"Subject": "printer was on fire"}"#]
        #expect(try tracker.curl("ticket/1", edit).status == 200)
        #expect(try tracker.curl("ticket/1").json["Subject"]?.string == "printer was on fire")
        // The edit has made that tag a thing of the past.
        #expect(try tracker.curl("ticket/1", edit).status == 412)

        #expect(try tracker.daemon.terminate() == .exited(0))
        let lines = tracker.daemon.lines("request")
        #expect(lines.compactMap { $0.number("status") } == [201, 201, 201, 200, 200, 200, 304, 200, 200, 412])
        #expect(lines.allSatisfy { $0["outcome"] == "completed" && $0.peer == "127.0.0.2" })
    }

    @Test("HEAD has no body, and a method that isn't served is told in the tracker's words")
    func otherMethods() throws {
        let tracker = try RequestTracker()
        #expect(try tracker.curl("ticket", Self.json + ["-d", Self.ticket]).status == 201)
        let head = try tracker.curl("ticket/1", ["-I"])
        #expect(head.exitCode == 0 && head.status == 200, "\(head.errors)")
        #expect(head.text.contains(/(?i)\r\ncontent-length: 0\r\n/), "\(head.text)")
        let options = try tracker.curl("ticket/1", ["-i", "-X", "OPTIONS"])
        #expect(options.status == 405)
        #expect(options.text.contains("\r\nAllow: GET, HEAD, DELETE, PUT, POST\r\n"), "\(options.text)")
    }

    @Test("a file of 2 MB comes back byte for byte, as JSON by its length and as a download in chunks")
    func attachment() throws {
        let tracker = try RequestTracker()
        let folder = try TemporaryFolder()
        let sent = try folder.writeRandom(2_000_000, to: "sent.bin")
        #expect(try tracker.curl("ticket", Self.json + ["-d", Self.ticket]).status == 201)

        let parts = ["JSON=\(Self.comment);type=application/json", "Attachments=@\(sent);type=application/octet-stream"]
        let attached = try tracker.curl("ticket/1/comment", ["-i"] + parts.flatMap { ["-F", $0] })
        #expect(attached.status == 201, "\(attached.text) \(attached.errors)")
        let transaction = try #require(attached.text.firstMatch(of: /\r\nLocation: \/rt\/REST\/2.0\/transaction\/([0-9]+)\r\n/)?.1)
        let number = try #require(try tracker.curl("ticket/1/attachments").json["items"]?.array?.last?["id"]?.string)

        let answer = try tracker.curl("attachment/\(number)", ["-D", folder.file("head")])
        #expect(try String(contentsOfFile: folder.file("head"), encoding: .utf8).contains(/(?i)\r\ncontent-length: 2[0-9]{6}\r\n/))
        let content = try #require(try answer.json["Content"]?.string)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: sent))
        #expect(Data(base64Encoded: content, options: .ignoreUnknownCharacters) == bytes)

        let session = try login(tracker, to: "Ticket/Display.html?id=1", folder)
        let download = ["-D", folder.file("head"), "-o", folder.file("received.bin")]
        let page = try Curl(session + download + ["\(tracker.url)/Ticket/Attachment/\(transaction)/\(number)/sent.bin"])
        #expect(page.status == 200 && page.exitCode == 0, "\(page.errors)")
        #expect(try String(contentsOfFile: folder.file("head"), encoding: .utf8).contains(/(?i)\r\ntransfer-encoding: chunked\r\n/))
        #expect(FileManager.default.contentsEqual(atPath: sent, andPath: folder.file("received.bin")))
    }

    @Test("a person works in the browser: the session lasts, and the tracker sees from which site a form was sent")
    func browser() throws {
        let tracker = try RequestTracker()
        let folder = try TemporaryFolder()
        #expect(try tracker.curl("ticket", Self.json + ["-d", Self.ticket]).status == 201)
        let session = try login(tracker, to: "Ticket/Display.html?id=1", folder)
        let page = try Curl(session + ["\(tracker.url)/Ticket/Display.html?id=1"])
        #expect(page.status == 200)
        #expect(page.text.contains("printer on fire"))

        let form = ["-L", "-d", "id=1&Subject=by+a+form", "\(tracker.url)/Ticket/Modify.html"]
        let foreign = try Curl(session + ["-e", "https://evil.example/"] + form)
        #expect(foreign.text.contains("Possible cross-site request forgery") && foreign.text.contains("evil.example:443"))
        #expect(try tracker.curl("ticket/1").json["Subject"]?.string == "printer on fire")
        #expect(try Curl(session + ["-e", "\(tracker.url)/Ticket/Modify.html?id=1"] + form).status == 200)
        #expect(try tracker.curl("ticket/1").json["Subject"]?.string == "by a form")
    }

    @Test("a tracker that ends idle connections after a second misses no request and gets none twice")
    func idleConnections() throws {
        let tracker = try RequestTracker()
        let fields = "Host: 127.0.0.1:\(tracker.daemon.port)\r\n\(tracker.credentials)\r\n"
        let get = "GET /rt/REST/2.0/rt HTTP/1.1\r\n\(fields)\r\n"
        let post =
            "POST /rt/REST/2.0/ticket HTTP/1.1\r\n\(fields)Content-Type: application/json\r\nContent-Length: \(Self.ticket.utf8.count)\r\n\r\n"
            + Self.ticket
        var keptSeconds: [Double] = []
        for (second, status) in [(get, 200), (post, 201)] {
            // One that hasn't learned yet for how long the tracker keeps a connection.
            let daemon = try Daemon(upstream: "http://127.0.0.1:\(tracker.port)")
            let client = try RawClient(to: daemon)
            #expect(try client.exchange(get).status == 200)
            keptSeconds.append(try secondsUntilUnconnected(daemon, tracker))
            #expect(try client.exchange(second).status == status)
            // By now it has.
            keptSeconds.append(try secondsUntilUnconnected(daemon, tracker))
            #expect(try client.exchange(post).status == 201)
            #expect(try daemon.terminate() == .exited(0))
            #expect(daemon.lines("request").count { $0["outcome"] == "completed" } == 3)
        }
        // They were kept at all.
        #expect(keptSeconds.contains { $0 > 0.5 }, "\(keptSeconds)")
        #expect(try tracker.search("id > 0").json["total"]?.number == 3)
    }

    @Test("an early 401 reaches a client that still uploads", arguments: [["-H", "Expect:"], ["-H", "Expect: 100-continue"]])
    func earlyAnswer(expect: [String]) throws {
        let tracker = try RequestTracker()
        let folder = try TemporaryFolder()
        let file = try folder.writeRandom(2_000_000, to: "large")
        let run = try Curl(
            expect + ["-H", "Authorization: token 1-14-wrong", "-F", "Attachments=@\(file)", "\(tracker.url)/REST/2.0/ticket/1/comment"])
        #expect(run.status == 401, "\(run.text) \(run.errors)")
        #expect(run.exitCode == 0, "\(run.errors)")
        #expect(try run.json["message"]?.string == "Unauthorized")
    }

    @Test("links and redirects lead back here by https, whatever a client says about where it comes from")
    func forwardedFields() throws {
        let tracker = try RequestTracker()
        for _ in 1...3 { #expect(try tracker.curl("ticket", Self.json + ["-d", Self.ticket]).status == 201) }
        let claims = [
            "X-Forwarded-For: 10.6.6.6", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: http", "X-Forwarded-Port: 80",
            "X-Real-IP: 10.6.6.6", "Forwarded: for=10.6.6.6;host=evil.example;proto=http",
        ].flatMap { ["-H", $0] }

        let page = try tracker.search("id > 0", claims + ["-d", "per_page=1", "-d", "page=2"]).json
        for name in ["next_page", "prev_page"] {
            #expect(page[name]?.string?.hasPrefix("\(tracker.url)/REST/2.0/tickets?") == true, "\(page)")
        }
        let redirect = try Curl(claims + ["-i", "\(tracker.url)/Ticket/Display.html?id=1"])
        #expect(redirect.status == 302)
        #expect(redirect.text.contains("\r\nLocation: \(tracker.url)/NoAuth/Login.html?next="), "\(redirect.text)")

        let lines = tracker.log.split(separator: "\n").filter { $0.contains("page=2") || $0.contains("Display.html") }
        #expect(lines.count == 2, "\(tracker.log)")
        let told = "127.0.0.2 127.0.0.1:\(tracker.daemon.port) https 127.0.0.2 "
        #expect(lines.allSatisfy { $0.hasPrefix(told) }, "\(lines)")
    }

    /// Logs in as a browser does, on the way to a page that needs it; returns curl's arguments for the session.
    private func login(_ tracker: RequestTracker, to page: String, _ folder: TemporaryFolder) throws -> [String] {
        let session = ["-b", folder.file("cookies"), "-c", folder.file("cookies")]
        let asked = try Curl(session + ["-L", "\(tracker.url)/\(page)"])
        let form = try #require(asked.transfers.last?["url_effective"]?.string)
        #expect(asked.status == 200)
        #expect(form.hasPrefix("\(tracker.url)/NoAuth/Login.html?next="))
        let next = form.split(separator: "=").last ?? ""
        let shown = try Curl(
            session + ["-L", "-e", form, "-d", "user=root&pass=password&next=\(next)", "\(tracker.url)/NoAuth/Login.html"])
        #expect(shown.status == 200)
        #expect(shown.transfers.last?["url_effective"]?.string == "\(tracker.url)/\(page)", "\(shown.text)")
        return session
    }

    /// Waits until the daemon has no connection to the tracker, which is a second after the last response; returns for how long it had one.
    private func secondsUntilUnconnected(_ daemon: Daemon, _ tracker: RequestTracker) throws -> Double {
        let begin = ContinuousClock.now
        while try daemon.facts.connectionCount(to: tracker.port) > 0 {
            guard ContinuousClock.now - begin < .seconds(30) else { throw Failure("the tracker's connections stay open") }
            // Nobody tells; it is asked again after a moment, short enough to come with the next request right behind the close.
            _ = try? daemon.process.waitForEnd(seconds: 0.005)
        }
        return (ContinuousClock.now - begin) / .seconds(1)
    }
}
