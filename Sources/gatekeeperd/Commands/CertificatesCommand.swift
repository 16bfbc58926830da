internal import ArgumentParser
internal import Gatekeeper

/// `gatekeeperd certificates`: what is served, until when, and who renews it; `certificates renew` has it done.
struct CertificatesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificates",
        abstract: "Shows the certificates, with their ends and renewals, or orders them.",
        discussion: HelpText.discussion(
            """
            renew orders those that are due, whatever failed before; with --now those that aren't, too; and says what came of it. \
            --dry-run orders as in earnest from where it doesn't count: Let's Encrypt's staging directory, or a private authority itself; \
            nothing of it is kept. Exits 0 when all is well, 3 when a certificate needs attention, and 1 when an order failed.
            """,
            examples: "gatekeeperd certificates", "gatekeeperd certificates renew tickets.example.org --now"))

    enum Action: String, CaseIterable, ExpressibleByArgument {
        case renew
    }

    @Argument(help: "renew, or nothing to look.")
    var action: Action?
    @Argument(help: ArgumentHelp("One of the names of the certificate; all of them without.", valueName: "name"))
    var name: String?
    @Flag(name: .long, help: "Also those that aren't due yet.")
    var now = false
    @Flag(name: .long, help: "Try it where it doesn't count.")
    var dryRun = false
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    /// An authority takes its time, and may be asked again after a while.
    private static let patienceMilliseconds = 300_000
    private static let lookMilliseconds: Int32 = 300

    func validate() throws {
        if now, action != .renew { throw ValidationError("--now belongs to renew: gatekeeperd certificates renew --now") }
        if now, dryRun { throw ValidationError("a dry run is always done now: leave out --now") }
    }

    func run() throws {
        let status: Int32
        do throws(ControlFailure) {
            status = try outcome()
        } catch {
            throw ControlOptions.report(error)
        }
        guard status == 0 else { throw ExitCode(status) }
    }

    /// The status to exit with.
    private func outcome() throws(ControlFailure) -> Int32 {
        let client = ControlClient(path: try control.path())
        let isAsked = action == .renew || dryRun
        let before = isAsked ? Self.certificates(try client.ask(.certificates)) : []
        let request: ControlRequest =
            dryRun ? .tryOrders(name: name) : action == .renew ? .renewCertificates(name: name, isUndue: now) : .certificates
        var answer = try client.ask(request)
        guard isAsked else {
            Console.say(answer.result, json, else: answer.text)
            return answer.result["needs_attention"]?.boolean == true ? ExitStatus.findings : 0
        }
        let deadline = System.now().advanced(byMilliseconds: Self.patienceMilliseconds)
        while !isOver(Self.certificates(answer), before: before) {
            guard System.now() < deadline else {
                throw ControlFailure(.timeout, "the order isn't over yet; `gatekeeperd certificates` says how far it is")
            }
            Poll.rest(milliseconds: Self.lookMilliseconds)
            answer = try client.ask(.certificates)
        }
        return tell(answer, before: before)
    }

    // MARK: What came of it

    /// Every one that was asked for has got an answer of this time, or isn't due.
    private func isOver(_ certificates: [JSON], before: [JSON]) -> Bool {
        asked(certificates).allSatisfy { certificate in
            let (order, earlier) = (certificate["order"], Self.counterpart(of: certificate, in: before)?["order"])
            if dryRun { return order?["dry_run"]?["number"] != earlier?["dry_run"]?["number"] }
            // It may have other things to do before it hears of this.
            guard order?["asked"] != earlier?["asked"] else { return false }
            guard order?.string("step") == "resting" else { return ["withheld", "locked"].contains(order?.string("step") ?? "") }
            return order?["issued"] != earlier?["issued"] || order?["last_error"] != earlier?["last_error"]
                || !Self.isPast(order?.string("renews_at")) || !Self.isPast(order?.string("paused_until"))
        }
    }

    private func tell(_ answer: ControlClient.Answer, before: [JSON]) -> Int32 {
        var failures: [String] = []
        var lines: [String] = []
        for certificate in asked(Self.certificates(answer)) {
            let (order, earlier) = (certificate["order"], Self.counterpart(of: certificate, in: before)?["order"])
            let names = Self.names(of: certificate)
            if dryRun, let error = order?["dry_run"]?.string("error") {
                failures.append("\(names): \(error)")
            } else if dryRun {
                lines.append("\(names): the authority would issue it")
            } else if order?["issued"] != earlier?["issued"] {
                lines.append("\(names): issued, ends \(certificate.string("expires_at") ?? "")")
            } else if let error = order?["last_error"], error != earlier?["last_error"] {
                failures.append("\(names): \(error.string("text") ?? "")")
            } else if let pause = order?.string("paused_until"), !Self.isPast(pause) {
                failures.append("\(names): too many orders have failed within the hour, so none is tried before \(pause)")
            } else if let step = order?.string("step"), step != "resting" {
                failures.append("\(names): not ordered from here (\(step))")
            } else {
                lines.append("\(names): not due before \(order?.string("renews_at") ?? "its time"); --now orders it all the same")
            }
        }
        if lines.isEmpty, failures.isEmpty { failures.append("the service orders no certificate now; see its log") }
        if json || !lines.isEmpty { Console.say(answer.result, json, else: lines.joined(separator: "\n")) }
        for failure in failures { Console.complain(failure) }
        return failures.isEmpty ? 0 : ExitStatus.failure
    }

    private func asked(_ certificates: [JSON]) -> [JSON] {
        certificates.filter { certificate in
            guard certificate["order"] != nil else { return false }
            guard let name else { return true }
            return certificate["names"]?.texts?.contains(name.lowercased()) ?? false
        }
    }

    /// Nil is past.
    private static func isPast(_ text: String?) -> Bool {
        guard let text, let seconds = try? CalendarTime.unixSeconds(text) else { return true }
        return WallTime(milliseconds: seconds * 1000) <= .now()
    }

    private static func certificates(_ answer: ControlClient.Answer) -> [JSON] {
        guard case .array(let certificates)? = answer.result["certificates"] else { return [] }
        return certificates
    }

    private static func counterpart(of certificate: JSON, in others: [JSON]) -> JSON? {
        others.first { $0["names"] == certificate["names"] && $0["order"] != nil }
    }

    private static func names(of certificate: JSON) -> String {
        (certificate["names"]?.texts ?? []).joined(separator: ", ")
    }
}
