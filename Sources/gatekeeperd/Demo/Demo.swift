internal import Gatekeeper

/// The service at work on loopback: a certificate of its own, a ticket API in memory behind it, two addresses that may in.
struct Demo {
    static let allowed = ["127.0.0.2", "127.0.0.3"]
    static let stranger = "127.0.0.9"

    /// Runs until a signal ends it; returns the exit status. `directory` keeps the certificate; without it everything is gone afterwards.
    static func run(port: UInt16, directory: String?) throws(DemoFailure) -> Int32 {
        do {
            // The folder is removed on the way out of here, so a signal must not be the way out.
            let signals = try SignalDescriptor()
            let folder = if let directory { try PrivateFolder(at: directory) } else { try PrivateFolder(temporaryNamed: "gatekeeper-demo") }
            let certificate = try DemoCertificate(in: folder)
            let upstream = try TicketServer.start()
            let source = source(port: port, certificate: certificate, upstreamPort: upstream.port)
            return ServiceLoop.run(try read(source), from: source, signals: signals) { addresses in
                for line in lines(port: addresses.first?.port ?? port, authorityPath: certificate.authorityPath) { Console.say(line) }
            }
        } catch let failure as DemoFailure {
            throw failure
        } catch {
            throw DemoFailure("cannot \(error)")
        }
    }

    /// Loopback and nothing else, in both directions.
    static func source(port: UInt16, certificate: DemoCertificate, upstreamPort: UInt16) -> ConfigurationSource {
        ConfigurationSource(
            file: nil,
            flags: [
                Configuration.Flag(name: "demo", key: "listen", values: ["127.0.0.1:\(port)"]),
                Configuration.Flag(name: "demo", key: "tls.certificate", values: [certificate.certificatePath]),
                Configuration.Flag(name: "demo", key: "tls.key", values: [certificate.keyPath]),
                Configuration.Flag(name: "demo", key: "allow", values: allowed),
                Configuration.Flag(name: "demo", key: "upstream.url", values: ["http://127.0.0.1:\(upstreamPort)"]),
            ])
    }

    private static func read(_ source: ConfigurationSource) throws(DemoFailure) -> ConfigurationSource.Reading {
        do {
            return try source.read()
        } catch {
            throw DemoFailure(error.lines.joined(separator: "; "))
        }
    }

    /// What to try, ready to be pasted; lines that begin with `curl` are commands.
    static func lines(port: UInt16, authorityPath: String) -> [String] {
        let tickets = "https://localhost:\(port)/api/tickets"
        func curl(from source: String, _ rest: String) -> String {
            "curl --cacert \(shellQuoted(authorityPath)) --interface \(source) -sS -i \(rest)"
        }
        return [
            "",
            "Gatekeeper serves https://localhost:\(port); \(allowed.joined(separator: " and ")) may in. In another terminal:",
            "",
            "# an allowed address creates a ticket: 201 and the ticket",
            curl(from: allowed[0], "--json '{\"subject\":\"Printer on fire\",\"body\":\"Third floor\"}' \(tickets)"),
            "# reads it: 200",
            curl(from: allowed[1], "\(tickets)/1"),
            "# attaches something to it: 201",
            curl(from: allowed[0], "-H 'Content-Type: text/plain' --data-binary 'It is quite warm here.' \(tickets)/1/attachments"),
            "# gets that back: 200 and the same bytes",
            curl(from: allowed[0], "\(tickets)/1/attachments/1"),
            "# any other address is reset before TLS begins: curl says \"Connection reset by peer\" or \"Couldn't connect to server\",",
            "# as its version has it; here a \"denied\" line appears",
            curl(from: stranger, tickets),
            "",
            "Ctrl-C ends the demonstration.",
            "",
        ]
    }

    /// For `sh`, whatever characters the path has.
    private static func shellQuoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }
}
