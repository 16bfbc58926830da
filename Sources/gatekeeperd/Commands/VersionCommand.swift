internal import ArgumentParser
internal import Gatekeeper

/// `gatekeeperd version`: what this is, for a report of a mistake, and to see which OpenSSL is in use after an upgrade.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Shows the version, the OpenSSL in use, and how this binary was built.",
        discussion: HelpText.discussion(examples: "gatekeeperd version", "gatekeeperd version --json"))

    @Flag(name: .long, help: "Print JSON on one line.")
    var json = false

    func run() { Console.say(Self.facts, json, else: Self.lines.joined(separator: "\n")) }

    static var lines: [String] {
        let other = OpenSSLVersion.running == OpenSSLVersion.builtWith ? "" : ", built with \(OpenSSLVersion.builtWith)"
        return [
            Version.line, "\(OpenSSLVersion.running)\(other)", "Swift \(Version.swift), \(Version.architecture), \(Version.build) build",
        ]
    }

    static var facts: JSON {
        .object(
            of: ("version", .string(Version.current)), ("openssl", .string(OpenSSLVersion.running)),
            ("openssl_built_with", .string(OpenSSLVersion.builtWith)), ("swift", .string(Version.swift)),
            ("architecture", .string(Version.architecture)), ("build", .string(Version.build)))
    }
}
