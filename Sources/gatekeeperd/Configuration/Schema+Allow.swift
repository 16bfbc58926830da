/// The keys of the allow-list's entries.
extension Schema {
    static let allowing = [
        Setting(
            path: "allow", rule: .list(.allowEntries),
            summary: "Who may connect; required, and empty means nobody. Everybody else is turned away before a byte is read."),
        Setting(
            path: "allow[].address", rule: .field(form: "ADDRESS or ADDRESS/BITS"), summary: "An address or a network, IPv4 or IPv6."),
        Setting(path: "allow[].label", rule: .field(form: "a name"), summary: "What log lines call this source."),
        Setting(
            path: "allow[].file", rule: .field(form: "the path of a file"), summary: "A file with one entry a line; # begins a comment."),
        Setting(
            path: "allow[].preset", rule: .field(form: "a name"),
            summary: "The published addresses of a vendor; gatekeeperd presets shows them."),
        Setting(
            path: "allow[].until", rule: .field(form: "a date and time, as 2026-12-31T23:59:59Z"),
            summary: "When the entry ends: from then on it admits nobody."),
        Setting(
            path: "allow[].url", rule: .field(form: "an https URL"),
            summary:
                "A list that a vendor publishes, as text with one entry a line or as JSON. Nothing of it is admitted before somebody has said `gatekeeperd lists accept`; needs a label and state."
        ),
        Setting(
            path: "allow[].json", rule: .field(form: "a path, as addresses or $.prefixes[*].ip_prefix; default: the list is text"),
            summary: "Where the entries stand in a list that is JSON."),
        Setting(
            path: "allow[].every", rule: .field(form: "a duration (5m to 30d); default: 6h"), summary: "How often the list is looked at."),
        Setting(
            path: "allow[].ca", rule: .field(form: "the path of a file"),
            summary: "Who vouches for the list's server, a PEM file, in place of the system's authorities."),
        Setting(
            path: "allow[].hosts", rule: .field(form: "a name"),
            summary:
                "A name whose addresses are admitted, asked for each minute, for an office of your own. Weaker than an address: whoever can change the record is let in. Needs a label and state."
        ),
    ]
}
