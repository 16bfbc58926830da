/// The reference of the configuration, made from the schema: what it says of a key is what the reader of the file knows of it.
///
/// Markdown that reads as well in a terminal: `docs/guide/configuration.md`, and what `gatekeeperd reference` prints.
enum Reference {
    /// How wide prose may be.
    private static let columnsMax = 110

    /// Without the newline of its last line.
    static var page: String {
        let roots = Schema.settings.filter { !$0.path.contains(".") }
        return ([head] + roots.map(chapter)).joined(separator: "\n\n")
    }

    // MARK: Keys

    /// A key of the root with everything below it.
    private static func chapter(_ root: Setting) -> String {
        let below = Schema.settings.filter { $0.path.hasPrefix(root.path + ".") || $0.path.hasPrefix(root.path + "[") }
        let facts = facts(root)
        let opening = ["## \(root.path)", "", wrap(root.summary, indent: "")] + (facts.isEmpty ? [] : ["", wrap(facts, indent: "")])
        return (opening + (below.isEmpty ? [] : [""]) + below.map(entry)).joined(separator: "\n")
    }

    private static func entry(_ setting: Setting) -> String {
        let facts = facts(setting)
        return wrap("`\(setting.path)`" + (facts.isEmpty ? "" : ": \(facts)"), first: "* ", indent: "  ") + "\n"
            + wrap(setting.summary, indent: "  ")
    }

    /// How a value is written, what holds without it, and which flag says the same: `a size, 1KiB to 32KiB. Default: 16KiB.`
    static func facts(_ setting: Setting) -> String {
        let flag = Schema.flag(for: setting.path).map { "Flag: `\($0)`." }
        let facts: [String?] =
            switch setting.rule {
            case .section, .group: []
            case .likeGroup(let path): ["keys, as `\(path)` has them."]
            case .switchedSection(let rule): ["Value: \(rule.form)."]
            case .notYet: ["**Not supported yet**; refused."]
            case .field(let form), .fields(let form), .texts(let form): ["\(form)."]
            case .list(let rule): ["\(setting.path.contains(".") ? "a" : "A") list, each element \(rule.form)\(bare(setting, rule))."]
            case .scalar(let rule):
                ["\(setting.path.contains(".") ? "" : "Value: ")\(rule.form).", rule.defaultText.map { "Default: `\($0)`." }]
            }
        return (facts + [flag]).compactMap(\.self).joined(separator: " ")
    }

    /// What a bare element of a list stands for, where elements can hold keys too.
    private static func bare(_ setting: Setting, _ rule: ListRule) -> String {
        if rule.needsKeys { return ", as below" }
        let keys = Schema.names(under: setting.path + "[]")
        return keys.count > 1 ? ", or keys as below; a bare value is its `\(rule.bareKey)`" : ""
    }

    // MARK: Text

    /// Words in lines no wider than the page, none of which could be taken for the beginning of another block.
    private static func wrap(_ text: String, first: String? = nil, indent: String) -> String {
        var lines: [String] = []
        var line = first ?? indent
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > columnsMax {
                lines.append(line)
                line = indent
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return (lines + [line]).joined(separator: "\n")
    }

    private static var flagLines: String {
        Schema.flags.map { "* `\($0.name)`: `\($0.path)`" }.joined(separator: "\n")
    }

    static let introduction = """
        The file is YAML. Every mistake in it is told with its line and column, all of them at once, and a file with mistakes never
        replaces a configuration in force.
        """

    static let rules = [
        "Nesting: `tls.key` is the key `key` in the section `tls`; `allow[].label` is the key `label` of an element of the list `allow`.",
        "A value means what its key makes of it: `no`, `022` and `1:30` have no meaning of their own.",
        "Sizes are a whole number and a unit, `B`, `KiB`, `MiB` or `GiB`: `32MiB`. One KiB is 1024 bytes.",
        "Durations are a whole number and a unit, `ms`, `s`, `m`, `h` or `d`: `1500ms`, `2h`.",
        "Rates are a whole number for each second or minute: `1000/s`, `60/m`.",
        "`true`, `yes` and `on` are the same, and so are `false`, `no` and `off`.",
        "Relative paths begin at the folder of the file; those in flags at the working directory.",
        "`${NAME}` in a value is replaced by the environment variable `NAME`, which must be set.",
        "A key that is marked as not supported yet is refused, not ignored.",
    ]

    private static let head = """
        # Configuration

        Every key of `\(Configuration.defaultPath)`. This page is made from the table of keys in the source; `gatekeeperd reference`
        prints it for the version at hand. `gatekeeperd init` writes a file to begin with.

        ```yaml
        \(example)
        ```

        ## How the file is read

        \(introduction)

        \(rules.map { "* " + $0 }.joined(separator: "\n"))

        ## Flags of gatekeeperd run

        A flag replaces what the file of `--config` says under its key; without a file, flags can say everything. Any key that holds a
        value or a list of plain values is set by `--set KEY=VALUE`, which may be repeated: `--set limits.head=8KiB`.

        \(flagLines)
        """

    /// A file that uses what most installations need.
    static let example = """
        listen:
          - 0.0.0.0:443                     # or "[::]:443" for IPv4 and IPv6
        tls:
          certificate: fullchain.pem        # leaf first; read again when it is replaced
          key: privkey.pem
          minimum_version: "1.2"
        allow:                              # everybody else is turned away before a byte is read
          - {preset: tier2tickets}
          - {address: 203.0.113.9, label: office}
          - 2001:db8:42::/48
        on_deny: reset
        shield: {above: 1000/s, for: 60s}
        upstream:
          url: http://10.0.0.5:8080         # or https://HOST:PORT, or unix:/run/tickets.sock
          connections_max: 256
          health: {path: /, interval: 10s}
        routes:                             # without this key every method and path is let through
          - {preset: osticket, from: [Tier2Tickets]}
          - {methods: [GET, POST], path: "/REST/2.0/ticket/{id}/comment"}
        limits: {request_body: 32MiB, connections_per_source: 1000}
        timeouts: {head: 10s, response: 60s}
        log: {to: stdout, format: json, access: true}
        """
}
