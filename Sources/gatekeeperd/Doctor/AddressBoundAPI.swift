internal import Gatekeeper

/// A ticket system whose API looks at the client's address, and how that is seen by asking without a key.
///
/// In what it says, `HOST` stands for the address that it takes for the client's.
struct AddressBoundAPI: Sendable {
    let title: String
    /// As `upstream.preset` has it.
    var preset: String?
    /// Below the folder where it is installed. The first is asked for.
    var paths: [String] = []
    /// One of them that the web server needs no rule for; nil where none of them needs any.
    var direct: String?
    /// What its refusals say, in lower case.
    let marks: [String]
    /// How a cookie begins that it sets, in lower case.
    var cookie: String?
    /// How an answer begins that doesn't mind the address, in lower case; nil where none tells.
    var welcome: String?
    /// The statuses of a request that was let in.
    var admissions = 200...299
    /// Such a refusal is one of an address, and not of whoever asks so.
    var provesRefusal = true
    /// What it does with addresses.
    let binding: String
    /// Whom it takes for the client, unless it is told or shown.
    let mistakePattern: String
    /// What must be so when clients are let in.
    var admissionPattern = "it knows the address of a client"
    /// What to look at when a key is refused; nil where that is the remedy as well.
    var keyAdvice: String?
    /// What to enter in it for a vendor.
    let entryAdvice: String
    let remedyPattern: String
    /// What to do where the preset names it and it isn't to be seen.
    var absenceAdvice = ""

    private static let probesMax = 12
    private static let refusals: ClosedRange<UInt16> = 400...403

    // MARK: Where it is

    /// Paths to be asked for: where each is installed as a rule, and where clients have asked for it or routes let them.
    static func probes(asked: [String] = [], routes: [String] = []) -> [String] {
        let hinted = all.flatMap { api in (asked + routes).compactMap(api.folder).flatMap { folder in api.probes.map { folder + $0 } } }
        return (all.flatMap(\.probes) + hinted).reduce(into: []) { paths, path in
            if paths.count < probesMax, !paths.contains(path), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !path.contains("{") {
                paths.append(path)
            }
        }
    }

    private var probes: [String] { paths.prefix(1) + [direct].compactMap(\.self) }

    /// The folder in which a path has this API, or a route that ends with `/**` may have it; nil for another path.
    func folder(of path: String) -> String? {
        guard path.hasSuffix("/**"), let first = paths.first else {
            return paths.first(where: path.hasSuffix).map { String(path.dropLast($0.utf8.count)) }
        }
        let stem = String(path.dropLast("/**".utf8.count))
        let door = String(first[..<(first.lastIndex(of: "/") ?? first.startIndex)])
        return stem.hasSuffix(door) ? String(stem.dropLast(door.utf8.count)) : stem
    }

    func isDirect(_ path: String) -> Bool { direct.map(path.hasSuffix) ?? false }

    // MARK: What it answers

    /// The one that answers so; nil where nothing is said of addresses.
    static func recognise(_ answer: UpstreamAnswer) -> AddressBoundAPI? {
        guard refusals.contains(answer.status) else { return nil }
        let text = text(of: answer)
        return all.first { $0.marks.contains(where: text.contains) || $0.setsCookie(answer) }
            ?? (unknown.marks.contains(where: text.contains) ? unknown : nil)
    }

    /// It is known by that where words are translated, and on its pages.
    func setsCookie(_ answer: UpstreamAnswer) -> Bool {
        guard let cookie else { return false }
        return answer.fields.contains { $0.name == "set-cookie" && $0.value.lowercased().hasPrefix(cookie) }
    }

    /// It is there, and doesn't mind the address that it was asked for.
    func welcomes(_ answer: UpstreamAnswer) -> Bool { welcome.map(Self.text(of: answer).hasPrefix) ?? false }

    func admits(_ record: AccessRecord) -> Bool { admissions.contains(record.status) }

    private static func text(of answer: UpstreamAnswer) -> String { String(decoding: answer.body, as: UTF8.self).lowercased() }
}
