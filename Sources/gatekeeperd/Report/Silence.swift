/// A source that stays away for longer than it is its habit.
struct Silence: Equatable, Sendable {
    var label: String
    /// The end of the hour in which it came last.
    var since: WallTime
    /// Its habit, in words.
    var usual: String
    /// Likeliest first.
    var candidates: [Candidate] = []
    /// Why there are none, where that says nothing about whether somebody knocks.
    var obstacle: String?
    /// Where its vendor lists the addresses.
    var page: String?

    /// In one line, for the log.
    var candidatesText: String {
        candidates.isEmpty ? "none: \(noCandidates)" : candidates.map(\.text).joined(separator: "; ")
    }

    private var noCandidates: String { obstacle ?? "no unlisted address has knocked since" }

    private static let caution = "a candidate may be the vendor's new address, or somebody who has its key: ask the vendor first"

    /// In one line, below a list of who was turned away in which candidates are marked.
    var line: String {
        "silent: \(label), since \(since.text); " + (candidates.isEmpty ? "no candidates: \(noCandidates)" : Self.caution)
    }

    /// What `status` prints below the problem: for a person at a terminal, and never part of a notice. The address is left to type: whoever
    /// types it has looked at it.
    var details: [String] {
        var lines = candidates.map { "candidate: \($0.text)" }
        lines.append(candidates.isEmpty ? "no candidates: \(noCandidates)" : Self.caution)
        let label = Self.shellWord(label)
        lines.append("when the vendor has named an address: gatekeeperd grant ADDRESS --for 2h --label \(label) --reason \"vendor moved\"")
        return lines
    }

    /// A label may be anything that stands in a file.
    static func shellWord(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"):
                    true
                default: false
                }
            }
        return isPlain && !text.hasPrefix("-") ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }

    var json: JSON {
        .object(
            of: ("label", .string(label)), ("since", .time(since)), ("usual", .string(usual)), ("page", page.map(JSON.string)),
            ("candidates", .array(candidates.map(\.json))), ("no_candidates", candidates.isEmpty ? obstacle.map(JSON.string) : nil))
    }
}

/// A silence as the ledger keeps it.
struct ToldSilence: Equatable, Sendable {
    var label: String
    var since: WallTime
    var saidAt: WallTime
    var usual: String
    /// When the source came again; nil while it doesn't.
    var backAt: WallTime?
}
