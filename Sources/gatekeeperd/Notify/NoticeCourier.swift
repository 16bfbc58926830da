internal import Gatekeeper

/// Brings notices to where they belong. Waits for the other side, so it is asked on a thread of its own.
enum NoticeCourier {
    /// For the whole of a delivery but finding the address of a name.
    private static let webhookMilliseconds = 10_000
    private static let programMilliseconds = 30_000
    private static let answerBytesMax = 4 << 10
    /// Of what a program said, in a message.
    private static let quotedBytesMax = 200

    /// Nil when it was taken, else why not.
    static func deliver(_ notice: Notice, to notifier: Notifier) -> String? {
        let now = WallTime.now()
        let format = if case .webhook(let webhook) = notifier.way { webhook.format } else { Notifier.Format.json }
        var body = NoticeBody(notice, as: format, host: HostName.own, at: now)
        switch notifier.way {
        case .webhook(let webhook):
            body.sign(with: webhook.secret, at: now)
            return post(body, to: webhook)
        case .program(let path): return run(path, called: notifier.name, with: body.bytes)
        }
    }

    private static func post(_ body: NoticeBody, to webhook: Notifier.Webhook) -> String? {
        let post = UpstreamQuestion.Post(fields: body.fields, body: body.bytes)
        guard
            let question = UpstreamQuestion(
                path: webhook.target, host: webhook.authority, bodyBytesMax: answerBytesMax, post: post)
        else { return "its address can't be asked for" }
        do throws(ServerError) {
            let hearing = try DryRun(.empty).ask(webhook.server, [question], milliseconds: webhookMilliseconds)
            guard let answer = hearing.answers.first else { return words(hearing.failure ?? "no_answer", webhook.server) }
            return objection(to: answer)
        } catch {
            return error.advised
        }
    }

    private static func words(_ reason: String, _ server: Settings.Upstream.Server) -> String {
        switch reason {
        case "response_timeout": "it gave no answer within \(Quantity.describe(milliseconds: webhookMilliseconds))"
        case "closed_before_response": "it closed the connection without an answer"
        default: UpstreamTrouble(reason, server)?.cause ?? reason
        }
    }

    private static func objection(to answer: UpstreamAnswer) -> String? {
        switch answer.status {
        case 200..<300: return nil
        case 300..<400: return "it answered \(answer.status), and a redirect isn't followed: name the address that it leads to"
        // Not with what it said: servers like to quote the address that they were asked for, which is the secret.
        default: return "it answered \(answer.status)"
        }
    }

    private static func run(_ program: String, called name: String, with input: [UInt8]) -> String? {
        do throws(SystemError) {
            switch try Program.run(program, input: input, milliseconds: programMilliseconds, outputBytesMax: answerBytesMax) {
            case .exited(0, _): return nil
            case .exited(let status, let said):
                let words = quoted(said)
                return "it exited with \(status)\(words.isEmpty ? "" : ": \(words)")"
            case .killed: return "it ran longer than \(Quantity.describe(milliseconds: programMilliseconds)) and was killed"
            }
        } catch {
            return "cannot \(SystemError("run \(name)", code: error.code))"
        }
    }

    /// The beginning of the first line.
    private static func quoted(_ bytes: [UInt8]) -> String {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }.prefix(quotedBytesMax)
        return NoticeText.harmless(String(decoding: line, as: UTF8.self))
    }
}
