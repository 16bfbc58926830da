internal import ArgumentParser

/// `gatekeeperd challenge open NAME`, `close NAME`: a window for another ACME client.
struct ChallengeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "challenge",
        abstract: "Opens a window for another ACME client's TLS-ALPN-01 challenge, or closes it.",
        discussion: HelpText.discussion(
            """
            While it is open, whoever asks for the name by acme-tls/1 is shown the challenge, and nothing else; everybody else is turned \
            away as ever. It closes by itself after ten minutes. Only root and the service's user may: whoever opens a window can have a \
            certificate for the name. Hooks for dehydrated and uacme lie in /usr/share/gatekeeper/acme.
            """,
            examples: "gatekeeperd challenge open tickets.example.org --digest 2a8f…", "gatekeeperd challenge close tickets.example.org"))

    enum Action: String, CaseIterable, ExpressibleByArgument {
        case open, close
    }

    @Argument(help: "open or close.")
    var action: Action
    @Argument(help: ArgumentHelp("The name that is validated, one that is served.", valueName: "name"))
    var name: String
    @Option(name: .long, help: ArgumentHelp("What the client has for the challenge, TOKEN.THUMBPRINT.", valueName: "text"))
    var keyAuthorization: String?
    @Option(name: .long, help: ArgumentHelp("Or the SHA-256 of that, in hexadecimal or base64url.", valueName: "digest"))
    var digest: String?
    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func validate() throws {
        switch action {
        case .open:
            guard (keyAuthorization == nil) != (digest == nil) else {
                throw ValidationError("say what is to be shown: either --key-authorization or --digest")
            }
        case .close:
            guard keyAuthorization == nil, digest == nil else { throw ValidationError("close takes the name alone") }
        }
    }

    func run() throws {
        let request: ControlRequest
        do throws(ValueMistake) {
            request = try asked()
        } catch {
            throw ControlOptions.report(error)
        }
        try control.run(request, json: json)
    }

    private func asked() throws(ValueMistake) -> ControlRequest {
        if let keyAuthorization { return .openChallenge(try ChallengeRequest(name: name, keyAuthorization: keyAuthorization)) }
        if let digest { return .openChallenge(try ChallengeRequest(name: name, digest: digest)) }
        return .closeChallenge(name: try ChallengeRequest.name(name))
    }
}
