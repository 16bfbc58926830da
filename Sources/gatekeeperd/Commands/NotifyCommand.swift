internal import ArgumentParser
internal import Gatekeeper

/// `gatekeeperd notify --test`: whether notices arrive.
struct NotifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notify",
        abstract: "Sends a test to everybody who is told of problems, and says whether it was taken.",
        discussion: HelpText.discussion(
            """
            The running service sends it, as it sends every notice (notify: in the configuration): to webhooks and commands. Exits 0 when \
            all took it and 1 when somebody didn't, or nobody is to be told.
            """,
            examples: "gatekeeperd notify --test", "gatekeeperd notify --test --json"))

    @Flag(name: .long, help: "Send it; there is nothing else to do yet.")
    var test = false
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    /// Longer than the slowest way takes: a program has half a minute.
    private static let patienceMilliseconds = 60_000
    private static let lookMilliseconds: Int32 = 200

    func validate() throws {
        guard test else { throw ValidationError("say --test: problems are told by the running service itself") }
    }

    func run() throws {
        do throws(ControlFailure) {
            let client = ControlClient(path: try control.path())
            var answer = try client.ask(.notifyTest)
            let deadline = System.now().advanced(byMilliseconds: Self.patienceMilliseconds)
            while Self.tests(in: answer).contains("under_way"), System.now() < deadline {
                Poll.rest(milliseconds: Self.lookMilliseconds)
                answer = try client.ask(.notifiers)
            }
            let tests = Self.tests(in: answer)
            Console.say(answer.result, json, else: tests.isEmpty ? Self.nobody : answer.text)
            guard !tests.isEmpty, tests.allSatisfy({ $0 == "delivered" }) else { throw ControlFailure(.unavailable, "") }
        } catch {
            if error.message.isEmpty { throw ExitCode(ExitStatus.failure) }
            throw ControlOptions.report(error)
        }
    }

    private static let nobody = "nobody is told of problems: name a webhook or a command under notify: in the configuration, and reload"

    private static func tests(in answer: ControlClient.Answer) -> [String] {
        guard case .array(let notifiers)? = answer.result["notifiers"] else { return [] }
        return notifiers.map { $0.string("test") ?? "" }
    }
}
