import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Can the ticket system be reached around the door?")
struct ExposureExaminationTests {
    private func system(_ url: String, ownAddress: String? = nil, addresses: [String]? = nil) throws -> TicketSystem {
        let parsed = try UpstreamURL(url, directory: "")
        var server = Settings.Upstream.Server(endpoint: parsed.endpoint, name: url)
        server.tls = parsed.tlsPeer.map { Settings.Upstream.TLS(peer: $0) }
        var known = try addresses?.map { try SocketAddress(parsing: $0) } ?? []
        if addresses == nil, case .address(let address) = parsed.endpoint { known = [address] }
        let answer = UpstreamAnswer(status: 200, ownAddress: try ownAddress.map { try PeerAddress(parsing: $0) })
        return TicketSystem(server, addresses: known, answers: [TicketSystem.Answer(path: "/", answer: answer)])
    }

    private func examine(
        _ system: TicketSystem, listening: [String]? = [], own: [String] = [], look: ExposureScan? = nil
    ) throws -> [ExaminationFinding] {
        ExposureExamination(
            systems: [system], listening: try listening?.map { try SocketAddress(parsing: $0) },
            ownListeners: try own.map { try SocketAddress(parsing: $0) }, exposureScan: look
        ).findings
    }

    @Test(
        "a ticket system on this host that listens everywhere is a finding",
        arguments: ["0.0.0.0:8080", "[::]:8080", "192.0.2.7:8080", "10.0.0.5:8080"])
    func everywhere(listener: String) throws {
        let findings = try examine(system("http://127.0.0.1:8080"), listening: ["127.0.0.1:8080", listener, "0.0.0.0:22"])
        #expect(findings.map(\.severity) == [.wrong])
        #expect(findings[0].seen.contains("listens on \(listener): whoever reaches this host goes around Gatekeeper"))
    }

    @Test("one that listens on loopback alone is well")
    func loopback() throws {
        let listening = ["127.0.0.1:8080", "[::1]:8080", "0.0.0.0:443"]
        #expect(try examine(system("http://127.0.0.1:8080"), listening: listening).map(\.severity) == [.ok])
        #expect(try examine(system("unix:/run/app.sock"), listening: nil).map(\.severity) == [.ok])
    }

    @Test("our own listener on the same port is meant to be reached")
    func ownListener() throws {
        let listening = ["127.0.0.1:443", "192.0.2.7:443"]
        #expect(try examine(system("http://127.0.0.1:443"), listening: listening, own: ["192.0.2.7:443"]).map(\.severity) == [.ok])
        #expect(try examine(system("http://127.0.0.1:443"), listening: listening, own: ["192.0.2.8:443"]).map(\.severity) == [.wrong])
    }

    @Test("an address of this host is known by the connection's own")
    func ownAddress() throws {
        let here = try system("http://10.0.0.5:8080", ownAddress: "10.0.0.5")
        #expect(try examine(here, listening: ["10.0.0.5:8080"]).map(\.severity) == [.wrong])
        let there = try examine(system("http://10.0.0.5:8080", ownAddress: "10.0.0.9"), listening: ["0.0.0.0:8080"])
        #expect(there.map(\.severity) == [.note] && there[0].seen.hasSuffix("is on another host"))
    }

    @Test("what the kernel doesn't tell, and where nobody listens, is told as not examined")
    func unknown() throws {
        #expect(try examine(system("http://127.0.0.1:8080"), listening: nil).map(\.severity) == [.unexamined])
        #expect(try examine(system("http://127.0.0.1:8080"), listening: []).map(\.severity) == [.unexamined])
        #expect(try examine(system("http://tickets.lan:8080", addresses: []), listening: []).map(\.severity) == [.unexamined])
        // Whose address that is tells a connection alone.
        #expect(try examine(system("http://10.0.0.5:8080")).map(\.severity) == [.unexamined])
    }

    @Test("a public address is a finding in the clear, and a note by TLS")
    func publicAddress() throws {
        let clear = try examine(system("http://203.0.113.80"))
        #expect(clear.map(\.severity) == [.wrong] && clear[0].seen.contains("in the clear"))
        #expect(try examine(system("https://203.0.113.80")).map(\.severity) == [.note])
    }

    @Test("each address of a name is looked at")
    func name() throws {
        let named = try system("http://tickets.lan:8080", ownAddress: "10.0.0.9", addresses: ["10.0.0.5:8080", "203.0.113.80:8080"])
        #expect(try examine(named).map(\.severity) == [.note, .wrong])
    }

    @Test("a port-forward that was found at the public name is a finding, none is told with the ports, and so is a name that isn't there")
    func exposureScan() throws {
        let system = try system("http://10.0.0.5:8080", ownAddress: "10.0.0.9")
        let leak = ExposureScan(
            name: "t.example", portsAsked: [80, 8080],
            doors: [.init(port: 80, isTicketSystem: false), .init(port: 8080, isTicketSystem: true)])
        let found = try examine(system, look: leak)
        #expect(found.map(\.severity) == [.note, .wrong] && found[1].seen.hasPrefix("t.example:8080 answers as the ticket system does"))
        #expect(found[0].advice?.contains("--public") == false)
        let closed = try examine(system, look: ExposureScan(name: "t.example", portsAsked: [80, 8080]))
        #expect(closed.map(\.severity) == [.note, .ok] && closed[1].seen.contains("(ports 80, 8080); look from outside as well"))
        #expect(try examine(system, look: ExposureScan(name: "t.example", obstacle: "no")).map(\.severity) == [.note, .unexamined])
        #expect(try examine(system)[0].advice?.contains("--public NAME") == true)
    }

    @Test("an answer resembles another by its status, its Server and its kinds of fields")
    func resemblance() {
        func answer(_ status: UInt16, _ fields: (String, String)...) -> UpstreamAnswer {
            UpstreamAnswer(status: status, fields: fields.map { UpstreamAnswer.Field(name: $0, value: $1) })
        }
        let known = answer(200, ("server", "nginx"), ("set-cookie", "a=1"))
        #expect(ExposureScan.resembles(answer(200, ("set-cookie", "a=2"), ("server", "nginx")), known))
        #expect(!ExposureScan.resembles(answer(301, ("server", "nginx"), ("set-cookie", "a=1")), known))
        #expect(!ExposureScan.resembles(answer(200, ("server", "Apache"), ("set-cookie", "a=1")), known))
        #expect(!ExposureScan.resembles(answer(200, ("server", "nginx")), known))
    }
}
