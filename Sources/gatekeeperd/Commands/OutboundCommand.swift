internal import ArgumentParser
internal import Gatekeeper

/// `gatekeeperd outbound`: whether a vendor's software gets out through the firewall that this machine is behind.
struct OutboundCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbound",
        abstract: "Tries the hosts and ports that a vendor's software has to reach, from this machine.",
        discussion: HelpText.discussion(
            """
            To be run behind the same firewall as the clients; the table is for whoever runs that. Names, TCP and TLS are tried, a few at a \
            time, and nothing is asked of anybody. Of a range of ports some are tried; with --all each of them, which takes minutes. Exits \
            0 when everything can be reached, 3 when something can't, 2 for a vendor that isn't known.
            """,
            examples: "gatekeeperd outbound", "gatekeeperd outbound tier2tickets --script powershell"))

    @Argument(help: "The vendor; there is one as yet.", completion: Completions.vendors)
    var vendor: String?
    @Flag(name: .long, help: "Try every port of a range.")
    var all = false
    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false
    @Option(
        name: .long,
        help: ArgumentHelp("Print a script that tries the same on a machine without gatekeeperd: sh or powershell.", valueName: "language"))
    var script: OutboundScript.Language?

    func run() throws {
        let preset: VendorPreset
        do throws(ValueMistake) {
            preset = try vendor.map { name throws(ValueMistake) in try VendorPreset.find(name.lowercased()) } ?? VendorPreset.all[0]
        } catch {
            Console.complain(error.message)
            throw ExitCode(ExitStatus.misuse)
        }
        if let script {
            let text = OutboundScript(preset, isComplete: all).text(in: script)
            return Console.say(.object(of: ("script", .string(text))), json, else: text)
        }
        let rows = OutboundProbe(hosts: preset.outbound, isComplete: all).run()
        let report = OutboundReport(
            title: preset.title, source: "\(preset.source), as of \(preset.date)", time: .now(), rows: rows,
            proxyVariables: OutboundReport.proxyVariables())
        Console.say(report.json, json, else: report.lines.joined(separator: "\n"))
        guard report.isWell else { throw ExitCode(ExitStatus.findings) }
    }
}

extension OutboundScript.Language: ExpressibleByArgument {}
