internal import Gatekeeper

/// What is to be done once the file is written.
struct InitClosing {
    /// How the service stands that would read it.
    enum Service: Equatable, Sendable {
        /// No unit reads this file.
        case none
        case stopped(isEnabled: Bool)
        case running
    }

    var configuration: InitConfiguration
    var path: String
    var service: Service

    /// As it is now.
    static func service(for path: String) -> Service {
        guard path == Configuration.defaultPath, UnitFile.installed() != nil else { return .none }
        if RunningService.find(at: StandardPath.controlSocket()) != nil { return .running }
        return .stopped(isEnabled: FileStamp(path: "/etc/systemd/system/multi-user.target.wants/\(UnitFile.name)") != nil)
    }

    var start: String {
        switch service {
        case .none: "gatekeeperd run --config \(InitText.shell(path))"
        case .stopped(true): "systemctl start gatekeeperd"
        case .stopped(false): "systemctl enable --now gatekeeperd"
        case .running: "systemctl reload gatekeeperd"
        }
    }

    var request: String { "curl -i https://\(host)\(port)/" }

    private var host: String { configuration.name ?? "NAME" }

    private var port: String {
        let ports = InitQuestion.addresses(of: configuration.listen).map(\.address.port)
        return ports.contains(443) ? "" : ports.first.map { ":\($0)" } ?? ""
    }

    /// - Parameter isFine: `check` had no mistake to tell.
    func lines(isFine: Bool) -> [String] {
        let first =
            isFine
            ? ["Next:"]
            : ["Put right what is said above; `gatekeeperd check --config \(InitText.shell(path))` says whether it is. Then:"]
        return first + [
            "  \(start)"
        ]
            + (configuration.acme == nil
                ? [] : ["  gatekeeperd certificates", "That says how the order stands; it takes less than a minute."]) + [
                "  \(request)",
                "\(configuration.acme == nil ? "The second" : "This") from an address that is on the list: the ticket system answers. Who isn't on it is let in for a try by",
                "`gatekeeperd grant ADDRESS --for 10m`; `gatekeeperd status` says how the service is.",
            ]
    }
}

/// Whether what was shown may be written.
struct WriteQuestion {
    var path: String
    /// Something would be replaced.
    var isThere: Bool

    enum Outcome: Equatable, Sendable {
        case write
        case leave
        case again([String])
    }

    var prompt: String {
        isThere
            ? "Replace \(path)? The old one stays as \(path).previous. [no]: " : "Write this to \(path), with comments? [yes]: "
    }

    func take(_ line: String) -> Outcome {
        switch Interview.trimmed(line).lowercased() {
        case "": isThere ? .leave : .write
        case "yes", "y": .write
        case "no", "n": .leave
        case "?":
            .again([
                "Until now nothing was written. yes writes the file, for root and the service's group to read; no leaves everything as it is."
            ])
        default: .again(["Type yes or no."])
        }
    }
}
