internal import Gatekeeper

/// Asks a service for what it says of itself, over its status page: as whoever may read that, without a right to command.
struct StatusQuestion {
    var url: StatusURL
    /// Read from a file; never in arguments, which every user of the machine can see.
    var token: String?

    /// Together less than the ten seconds that monitoring systems give.
    private static let connectMilliseconds = 4_000
    private static let answerMilliseconds = 5_000
    /// For all of it: a name server that doesn't answer takes longer than it is given.
    private static let totalMilliseconds = 9_500
    private static let bodyBytesMax = 4 << 20

    /// What came of it, judged.
    func report() -> NagiosReport {
        guard
            let question = UpstreamQuestion(path: url.path, host: url.authority, bodyBytesMax: Self.bodyBytesMax, bearer: token)
        else { return NagiosReport(.unknown, "\(url.text) is no URL that can be asked for; write http://HOST:PORT") }
        let server = url.server
        let deadline = System.now().advanced(byMilliseconds: Self.totalMilliseconds)
        do throws(SystemError) {
            let work = try TimeLimitedWork { Self.ask(server, question) }
            guard let outcome = work.result(until: deadline) else { return silence("nothing came back in time") }
            switch outcome {
            case .success(let hearing): return judge(hearing, at: .now())
            case .failure(let error): return NagiosReport(.unknown, "cannot ask: \(error)")
            }
        } catch {
            return NagiosReport(.unknown, "cannot \(error)")
        }
    }

    private static func ask(
        _ server: Settings.Upstream.Server, _ question: UpstreamQuestion
    ) -> Result<UpstreamHearing, ServerError> {
        var settings = Settings.empty
        settings.timeouts.connectMilliseconds = connectMilliseconds
        return Result { () throws(ServerError) in
            try DryRun(settings).ask(server, [question], milliseconds: answerMilliseconds)
        }
    }

    /// What a service's answer, or its silence, means.
    func judge(_ hearing: UpstreamHearing, at now: WallTime) -> NagiosReport {
        guard let answer = hearing.answers.first else { return judge(failure: hearing.failure ?? "aborted") }
        let text = String(decoding: answer.body.prefix(200).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        switch answer.status {
        case 200:
            guard let status = JSONReader.read(answer.body) else {
                return NagiosReport(.unknown, "what answers at \(url.text) is no Gatekeeper, or its answer was cut: look at --url")
            }
            return NagiosReport(status: status, at: now)
        case 401:
            return NagiosReport(
                .unknown,
                token == nil
                    ? "the service wants its status_token: name a file that holds it with --token-file"
                    : "the token isn't the service's: compare the file with status_token in the configuration")
        case 404:
            return NagiosReport(.unknown, "there is no \(url.path) at \(url.text): another program, or an older version? Look at --url")
        case 421: return NagiosReport(.unknown, "the service answers by its address or localhost alone: write that into --url")
        case 503 where text == "draining" || text == "leaving": return NagiosReport(.warning, "the service is about to stop (\(text))")
        case 503 where text == "a worker does not answer":
            return NagiosReport(.critical, "a worker has stood still for seconds: restart the service, and keep its log")
        default: return NagiosReport(.unknown, "\(url.text) answered \(answer.status), which a status page doesn't: look at --url; \(text)")
        }
    }

    private func judge(failure: String) -> NagiosReport {
        switch failure {
        case "connect_refused": silence("nothing listens there")
        case "connect_timeout", "response_timeout": silence("nothing came back in time")
        case "connect_unreachable": silence("there is no way to it")
        case "connect_failed", "closed_before_response": silence("the connection broke")
        case "name_not_resolved": NagiosReport(.unknown, "the name in \(url.text) has no address: look at --url and the name server")
        case _ where failure.hasPrefix("upstream_"):
            NagiosReport(.unknown, "TLS with \(url.text) failed (\(failure)): look at its certificate and at this machine's authorities")
        default: NagiosReport(.unknown, "what answers at \(url.text) is no Gatekeeper (\(failure)): look at --url")
        }
    }

    private func silence(_ why: String) -> NagiosReport {
        NagiosReport(
            .critical,
            "the service doesn't answer at \(url.text), \(why): does it run (systemctl status gatekeeperd), with status: set to this?")
    }
}
