/// What hands type by the habit of nginx, as the command of ours that does the same.
///
/// Only where no command stands first: behind one, its own options are meant.
enum FamiliarArguments {
    /// The words that are parsed in place of these; throws what to type instead where nothing of ours does the same.
    static func translate(_ words: [String]) throws(ValueMistake) -> [String] {
        guard let first = words.first, first.hasPrefix("-"), !first.hasPrefix("--") else { return words }
        let rest = Array(words.dropFirst())
        switch first {
        case "-v": return ["--version"]
        case "-V": return ["version"] + rest
        case "-tc": return ["check", "-c"] + rest
        case "-T":
            throw ValueMistake("-T would print the configuration, which is one file here: look at that, and check it with gatekeeperd -t")
        case "-s": throw ValueMistake(signal(rest.first))
        default: break
        }
        if let index = words.firstIndex(of: "-t") {
            return ["check"] + words[..<index] + words[(index + 1)...]
        }
        guard first == "-c" else { return words }
        let file = rest.first.map(Quantity.quoted) ?? "FILE"
        throw ValueMistake("-c alone says nothing to do: gatekeeperd run -c \(file) serves, gatekeeperd -t -c \(file) checks")
    }

    private static func signal(_ name: String?) -> String {
        switch name {
        case "reload": "-s is nginx's; type gatekeeperd reload"
        case "stop", "quit": "-s is nginx's; type systemctl stop gatekeeperd, or send the process SIGTERM"
        case "reopen": "-s is nginx's; type systemctl kill --kill-who=main --signal=SIGUSR1 gatekeeperd, or send the process SIGUSR1"
        default: "-s is nginx's; gatekeeperd reload reads the configuration again, systemctl stop gatekeeperd ends the service"
        }
    }
}
