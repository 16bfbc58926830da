internal import ArgumentParser

/// `gatekeeperd demo`: the service on loopback, without a file, with everything it needs.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Shows the service at work on loopback, without a file.",
        discussion: HelpText.discussion(
            """
            Makes a certificate, starts a small ticket API in memory as the upstream, admits \(Demo.allowed.joined(separator: " and ")), \
            and prints the curl lines that show an admitted and a denied request.
            """,
            examples: "gatekeeperd demo", "gatekeeperd demo --port 0"))

    @Option(name: .long, help: ArgumentHelp("The port on 127.0.0.1; 0 is any free one.", valueName: "port"))
    var port: UInt16 = 8443
    @Option(name: .long, help: ArgumentHelp("Keep the certificate here and use it again.", valueName: "folder"), completion: .directory)
    var directory: String?

    func run() throws {
        let status: Int32
        do {
            status = try Demo.run(port: port, directory: directory)
        } catch {
            Console.complain("\(error)")
            throw ExitCode(ExitStatus.failure)
        }
        guard status == 0 else { throw ExitCode(status) }
    }
}
