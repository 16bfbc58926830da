internal import ArgumentParser
internal import Gatekeeper

/// `gatekeeperd lockdown`: everybody else is out.
struct LockdownCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lockdown",
        abstract: "Shuts everybody out at once but those who are named, until it is ended.",
        discussion: HelpText.discussion(
            """
            For the hour in which you hear that a vendor was breached. Connections that are open end too. It is kept on the disk and outlives \
            reloads, restarts and new binaries; a record of it that can't be read means that everybody is shut out. Grants that were made \
            before admit nobody meanwhile, and later ones only with --during-lockdown. Asked for again, it says anew who is kept and for how \
            long.
            """,
            examples: "gatekeeperd lockdown --keep office --for 1h", "gatekeeperd lockdown --end"))

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("Labels under allow that go on being admitted; addresses where an entry has no label.", valueName: "label"),
        completion: Completions.labels)
    var keep: [String] = []
    @Option(
        name: .customLong("for"), help: ArgumentHelp("End it by itself after this time, as 1h; at most 30d.", valueName: "time"),
        completion: Completions.durations)
    var duration: String?
    @Flag(name: .long, help: "End it: whoever is listed is let in again.")
    var end = false
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func validate() throws {
        if end, !keep.isEmpty || duration != nil { throw ValidationError("--end lets everybody in again; leave --keep and --for out") }
    }

    func run() throws {
        do throws(ControlFailure) {
            let request: ControlRequest = end ? .endLockdown : .lockdown(keep: keep, seconds: try seconds())
            let answer = try Self.ask(request, ControlClient(path: try control.path()))
            Console.say(answer.result, json, else: answer.text)
        } catch {
            throw ControlOptions.report(error)
        }
    }

    private func seconds() throws(ControlFailure) -> Int? {
        guard let duration else { return nil }
        do throws(ValueMistake) {
            return try ControlRequest.lockdownSeconds(Quantity.seconds(duration))
        } catch {
            throw ControlFailure(.invalid, "--for: \(error.message)")
        }
    }

    /// Longer than a new binary may take to serve.
    private static let attemptsMax = 140
    private static let pauseMilliseconds: Int32 = 500

    /// Whoever is busy with a new binary is asked until it serves: this can't wait for somebody to try again.
    private static func ask(_ request: ControlRequest, _ client: ControlClient) throws(ControlFailure) -> ControlClient.Answer {
        var attempts = 0
        while true {
            do throws(ControlFailure) {
                return try client.ask(request)
            } catch {
                attempts += 1
                guard error.code == .busy, attempts < attemptsMax else { throw error }
                if attempts == 1 { Console.complain("\(error.message): asking on") }
                Poll.rest(milliseconds: pauseMilliseconds)
            }
        }
    }
}
