internal import ArgumentParser
internal import Gatekeeper

/// What a shell offers behind a word of a command line.
enum Completions {
    static let configurationFile = CompletionKind.file(extensions: ["yaml", "yml"])
    static let onDeny = CompletionKind.list(Settings.OnDeny.allCases.map(\.rawValue))
    static let durations = CompletionKind.list(["1h", "24h", "7d", "30d"])
    static let presets = CompletionKind.list(PresetCatalog.entries.map { $0.names[0] })
    static let vendors = CompletionKind.list(VendorPreset.all.map(\.name))
    static let ticketSystems = CompletionKind.list(TicketSystemPreset.all.map(\.name))
    static let methods = CompletionKind.list(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
    static let users = CompletionKind.shellCommand("getent passwd | cut -d: -f1")

    /// The keys that `--set` reaches, each as far as its value.
    static let assignments = CompletionKind.list(
        Schema.settings.filter { setting in
            switch setting.rule {
            case .section, .group, .likeGroup, .field, .fields, .texts, .notYet: false
            case .switchedSection, .scalar, .list: true
            }
        }.map { $0.path + "=" })

    /// The addresses that `revoke` can take, asked of the service that the words name; none when it doesn't answer at once.
    static let grants = CompletionKind.custom { words, _, _ in
        // zsh takes what is behind a colon for a description.
        let addresses = grants(of: words)
        return CompletionShell.requesting == .zsh ? addresses.map { $0.replacing(":", with: "\\:") } : addresses
    }

    /// The labels that the running service lists.
    static let labels = CompletionKind.custom { words, _, _ in
        do throws(ControlFailure) {
            let answer = try ControlClient(path: try controlPath(in: words), timeoutMilliseconds: patienceMilliseconds).ask(.status)
            guard case .array(let sources)? = answer.result["sources"] else { return [] }
            return Set(sources.filter { $0.string("origin") != "grant" }.compactMap { $0.string("label") }).sorted()
        } catch {
            return []
        }
    }

    /// Somebody waits with a finger on the key.
    private static let patienceMilliseconds = 200

    static func grants(of words: [String]) -> [String] {
        do {
            let path = try controlPath(in: words)
            let answer = try ControlClient(path: path, timeoutMilliseconds: patienceMilliseconds).ask(.grants(all: false))
            guard case .array(let grants)? = answer.result["grants"] else { return [] }
            return grants.compactMap { $0.string("address") }
        } catch {
            return []
        }
    }

    private static func controlPath(in words: [String]) throws(ControlFailure) -> String {
        func value(_ names: String...) -> String? {
            for (index, word) in words.enumerated() {
                for name in names {
                    if word == name, index + 1 < words.count { return words[index + 1] }
                    if name.hasPrefix("--"), word.hasPrefix(name + "=") { return String(word.dropFirst(name.count + 1)) }
                }
            }
            return nil
        }
        if let control = value("--control") { return control }
        if let config = value("--config", "-c") { return try ControlPath.configured(in: config) }
        return StandardPath.controlSocket()
    }

    // MARK: Scripts

    /// Each under the name by which its shell finds it.
    static var scripts: [(file: String, text: String)] {
        [
            ("gatekeeperd.bash", quiet(RootCommand.completionScript(for: .bash)) + "\n" + bashRemainder),
            (
                "_gatekeeperd",
                quiet(RootCommand.completionScript(for: .zsh)).replacing(zshDescription, with: zshDescriptionOfKeys) + "\n"
            ),
            ("gatekeeperd.fish", quiet(RootCommand.completionScript(for: .fish)).replacing(fishCursor, with: fishCursorAnywhere) + "\n"),
        ]
    }

    /// Whatever goes wrong while the program is asked for words, nothing of it is written into the line that somebody types.
    private static func quiet(_ script: String) -> String {
        let calls = [
            #""${COMP_WORDS[0]}" "${@}" "${words[@]}""#, #""${command_name}" "${@}" "${command_line[@]}""#,
            "command $tokens[1] $argv $tokens",
        ]
        // The script for bash is read, not run.
        let script = script.replacing("#!/bin/bash\n\n", with: "", maxReplacements: 1)
        return calls.reduce(script) { $0.replacing($1, with: $1 + " 2>/dev/null") }
    }

    /// With a blank behind each word, which a value of `--set KEY=` must not have in front of it.
    private static let zshDescription = "_describe -V '' non_empty_completions --"
    private static let zshDescriptionOfKeys = """
        local -a tight
            [[ "${1}" = *= ]] && tight=(-S '')
            _describe -V '' non_empty_completions "${tight[@]}" --
        """

    /// What older fish answers on a terminal alone, and `complete -C` not at all.
    private static let fishCursor = "(__gatekeeperd_tokens -tC)"
    private static let fishCursorAnywhere = #"(string length -- "$(commandline -ct)")"#

    /// What the library's script for bash leaves out: bash parts words at colons, which IPv6 addresses have, and puts a blank behind `KEY=`.
    private static let bashRemainder = #"""

        _gatekeeperd_whole_words() {
            COMPREPLY=()
            if declare -F _get_comp_words_by_ref >/dev/null; then
                local cur prev cword words
                _get_comp_words_by_ref -n : cur prev words cword
                local -a COMP_WORDS=("${words[@]}")
                local -i COMP_CWORD="${cword}"
                _gatekeeperd "${1}" "${cur}" "${prev}"
                __ltrim_colon_completions "${cur}"
            else
                _gatekeeperd "${@}"
            fi
            if [[ "${#COMPREPLY[@]}" -gt 0 && "${COMPREPLY[0]}" = *= ]]; then
                compopt -o nospace 2>/dev/null
            fi
            return 0
        }
        complete -o filenames -F _gatekeeperd_whole_words gatekeeperd

        """#
}
