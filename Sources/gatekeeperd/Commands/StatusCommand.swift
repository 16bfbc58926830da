internal import ArgumentParser

/// `gatekeeperd status`: the running service.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows the running service.",
        discussion: HelpText.discussion(
            """
            The configuration in force, certificates and when they expire, upstreams and whether they answer, grants, and each source \
            with when it was last seen.
            """,
            examples: "gatekeeperd status", "gatekeeperd status --nagios --token-file /etc/nagios/gatekeeper.token"))

    @OptionGroup var control: ControlOptions
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false
    @Flag(
        name: .long,
        help: "Print one line with figures for Nagios, Icinga, Checkmk, PRTG or Zabbix, and exit as they expect: 0 to 3.")
    var nagios = false
    @Option(
        name: .long,
        help: ArgumentHelp(
            "With --nagios: where the status page is; what the configuration says under status, else \(StatusURL.usual).", valueName: "url")
    )
    var url: String?
    @Option(name: .long, help: ArgumentHelp("With --nagios: a file that holds the status token.", valueName: "file"), completion: .file())
    var tokenFile: String?

    func validate() throws {
        if nagios {
            if json { throw ValidationError("--nagios prints a line of its own; leave --json out") }
            if control.control != nil {
                throw ValidationError("--nagios asks the status page, not the control socket; leave --control out")
            }
        } else if url != nil || tokenFile != nil {
            throw ValidationError("--url and --token-file are for --nagios; add that, or leave them out")
        }
    }

    func run() throws {
        guard nagios else { return try control.run(.status, json: json) }
        let report = report()
        Console.say(report.text)
        guard report.state == .ok else { throw ExitCode(report.state.rawValue) }
    }

    /// For a monitoring system: whatever is in the way of asking is unknown, not an outage.
    private func report() -> NagiosReport {
        do throws(ControlFailure) {
            return try StatusQuestion(url: statusURL(), token: token()).report()
        } catch {
            return NagiosReport(.unknown, error.message)
        }
    }

    private func statusURL() throws(ControlFailure) -> StatusURL {
        do throws(ValueMistake) {
            if let url { return try StatusURL(url) }
        } catch {
            throw ControlFailure(.invalid, "--url: \(error.message)")
        }
        let file = control.config ?? Configuration.defaultPath
        let status: String?
        do throws(ControlFailure) {
            status = try ConfiguredPath.text(of: "status", in: file, what: "an address and port")
        } catch {
            // Who only watches needn't be let read it.
            if control.config != nil { throw error }
            status = nil
        }
        do throws(ValueMistake) {
            if let status { return try StatusURL(configured: status) }
            guard control.config == nil else {
                throw ValueMistake("nothing is served for monitoring: set status, as 127.0.0.1:9180, and reload")
            }
            return try StatusURL(StatusURL.usual)
        } catch {
            throw ControlFailure(.invalid, "\(file): \(error.message)")
        }
    }

    private func token() throws(ControlFailure) -> String? {
        guard let tokenFile else { return nil }
        var bytes: [UInt8]
        do throws(FileFailure) {
            bytes = try FileContents.read(tokenFile, bytesMax: 4096)
        } catch {
            throw ControlFailure(.invalid, "--token-file: \(error)")
        }
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") || last == UInt8(ascii: " ") {
            bytes.removeLast()
        }
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(ValueMistake) {
            _ = try StatusToken(text)
        } catch {
            throw ControlFailure(.invalid, "\(tokenFile): \(error.message); let it hold the token alone")
        }
        return text
    }
}
