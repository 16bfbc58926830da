internal import ArgumentParser
internal import Gatekeeper

/// `gatekeeperd explain ADDRESS [METHOD URL]`: who decides what about whom.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says what would happen to a connection from an address, or to a request from there, and why.",
        discussion: HelpText.discussion(
            """
            Each step of the decision in order, with what decided and where it is written, by the configuration and the grants of a service \
            that runs by it. Exits 0 when admitted, 3 when denied or refused, 2 when that can't be said. Limits on open connections are \
            not looked at. With --replay the requests of an access log are judged: lines of this service's log, as JSON or text, or of \
            nginx and Apache in combined form; exits 3 when one would be refused.
            """,
            examples: "gatekeeperd explain 203.0.113.9 POST /api/tickets.json", "gatekeeperd explain --replay access.log"))

    @Argument(help: ArgumentHelp("The address that connects.", valueName: "address"))
    var address: String?
    @Argument(help: ArgumentHelp("The request's method.", valueName: "method"), completion: Completions.methods)
    var method: String?
    @Argument(help: ArgumentHelp("The request's URL, as https://tickets.example/path, or its path alone.", valueName: "url"))
    var url: String?
    @Option(
        name: .long, help: ArgumentHelp("Judge the requests of this access log; - is standard input.", valueName: "file"),
        completion: .file())
    var replay: String?
    @OptionGroup var options: ConfigurationOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func validate() throws {
        guard (address == nil) != (replay == nil) else { throw ValidationError("say either an address or --replay with a log") }
    }

    func run() throws {
        guard let address else { return try runReplay() }
        let question: Question
        do {
            question = try Question(address: address, method: method, url: url)
        } catch {
            throw ControlOptions.report(error)
        }
        let configuration = try options.read(for: "explain").configuration
        let explanation: Explanation
        do {
            explanation = try Self.explainer(configuration)(question)
        } catch {
            Console.complain("\(error)")
            throw ExitCode(ExitStatus.misuse)
        }
        Console.say(explanation.json, json, else: explanation.lines.joined(separator: "\n"))
        guard explanation.verdict == .admitted else { throw ExitCode(ExitStatus.denied) }
    }

    private func runReplay() throws {
        let configuration = try options.read(for: "explain").configuration
        var replay: Replay
        do {
            let explain = try Self.explainer(configuration)
            replay = Replay { Replay.Judgement(explain($0)) }
            let log = try LogInput(self.replay ?? "-")
            while let bytes = try log.next() { replay.take(bytes) }
        } catch {
            Console.complain("\(error)")
            throw ExitCode(ExitStatus.misuse)
        }
        replay.finish()
        Console.say(replay.json, json, else: replay.text)
        guard replay.isNothingRefused else { throw ExitCode(ExitStatus.denied) }
    }

    /// What explains, by the configuration and the grants of a service that runs by it.
    private static func explainer(_ configuration: Configuration) throws(ServerError) -> (Question) -> Explanation {
        var settings = configuration.settings
        let running = RunningService.admission(at: configuration.controlPath)
        let lockdown = running.map(\.lockdown) ?? Self.lockdown(of: configuration)
        settings.allow += RunningService.grants(at: configuration.controlPath)
        settings.allow += running?.listed ?? []
        if let lockdown {
            let now = WallTime.now()
            for index in settings.allow.indices {
                let entry = settings.allow[index]
                settings.allow[index].lockdown =
                    entry.origin == "grant" ? lockdown.effect(onGrantFor: entry.prefix) : lockdown.effect(on: entry, at: now)
            }
        }
        let host =
            try settings.tls.certificates.first.flatMap { (first) throws(ServerError) in
                try CertificateChain(path: first.path).host
            } ?? "localhost"
        let (explainer, routes) = (try Explainer(settings), settings.routes)
        return { question in
            Explanation(
                question, by: explainer, routes: routes, routeOrigins: configuration.origins.routes, defaultHost: host,
                lockdown: lockdown, listedAt: running?.listedAt ?? [:], at: .now())
        }
    }

    /// As the next service will find it, where none runs. Only root may be sure to read what it would read.
    private static func lockdown(of configuration: Configuration) -> Lockdown? {
        guard let folder = configuration.statePath else { return nil }
        let now = Moment(instant: System.now(), wallTime: .now())
        switch LockdownRecord.read(in: folder, boot: LockdownRecord.bootIdentifier(), at: now) {
        case .none: return nil
        case .record(let record, _):
            if let term = record.term, term.endsAt <= now.instant { return nil }
            return record.lockdown
        case .illegible(let obstacle):
            guard UserName.ownUser == 0 else { return nil }
            var lockdown = Lockdown(since: now.wallTime)
            lockdown.obstacle = obstacle
            return lockdown
        }
    }
}
