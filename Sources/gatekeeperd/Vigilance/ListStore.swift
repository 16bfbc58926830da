internal import Gatekeeper

/// What is admitted of lists, and what waits for a person, as it outlives the process: one file below the state folder.
struct ListStore {
    let folder: String

    private static let fileName = "lists"
    private static let versionField = "gatekeeper_lists"
    private static let bytesMax = 16 << 20

    var path: String { "\(folder)/\(Self.fileName)" }

    /// By the lists' keys; nothing where there is no file. Throws where there is one that isn't ours: nobody is admitted by it.
    func read() throws(FileFailure) -> [String: ListState.Kept] {
        let bytes: [UInt8]
        do throws(FileFailure) {
            bytes = try FileContents.read(path, bytesMax: Self.bytesMax)
        } catch {
            if error.isAbsent { return [:] }
            throw error
        }
        guard let json = JSONReader.read(bytes), json[Self.versionField]?.integer == 1, case .array(let rows)? = json["lists"] else {
            throw alien
        }
        var lists: [String: ListState.Kept] = [:]
        for row in rows {
            guard let key = row.string("key") else { throw alien }
            lists[key] = try kept(row)
        }
        return lists
    }

    private var alien: FileFailure { FileFailure(path, "isn't what this service writes there") }

    private func kept(_ row: JSON) throws(FileFailure) -> ListState.Kept {
        var kept = ListState.Kept()
        kept.accepted.entries = try entries(row["entries"])
        kept.accepted.at = Self.time(row["at_ms"])
        kept.accepted.by = row["uid"]?.integer.flatMap { UInt32(exactly: $0) }.map { Requester(user: $0, name: row.string("user")) }
        // A former version said only when the list was accepted.
        let times = if case .array(let times)? = row["listed_ms"] { times } else { [JSON]() }
        for (index, entry) in kept.accepted.entries.enumerated() {
            kept.accepted.listedAt[entry] = index < times.count ? Self.time(times[index]) : kept.accepted.at
        }
        guard let proposal = row["proposal"] else { return kept }
        guard let since = Self.time(proposal["since_ms"]) else { throw alien }
        kept.proposal = ListState.Kept.Proposed(
            entries: try entries(proposal["entries"]), since: since, isShown: proposal["shown"] == .boolean(true),
            place: proposal.string("place"))
        return kept
    }

    private func entries(_ json: JSON?) throws(FileFailure) -> [AddressPrefix] {
        guard case .array(let elements)? = json, let texts = json?.texts else { throw alien }
        let entries = texts.compactMap { try? AddressPrefix(parsing: $0) }
        guard entries.count == elements.count else { throw alien }
        return entries
    }

    private static func time(_ json: JSON?) -> WallTime? { json?.integer.map { WallTime(milliseconds: Int64($0)) } }

    func write(_ lists: [String: ListState.Kept]) throws(SystemError) {
        let rows = lists.sorted { $0.key < $1.key }.map { key, kept in
            let accepted = kept.accepted
            let times = accepted.entries.map { entry in accepted.listedAt[entry].map { JSON.number($0.milliseconds) } ?? JSON.null }
            return JSON.object(
                of: ("key", .string(key)), ("entries", .strings(accepted.entries.map(\.description))),
                ("listed_ms", .array(times)),
                ("at_ms", accepted.at.map { .number($0.milliseconds) }), ("uid", accepted.by.map { .number($0.user) }),
                ("user", accepted.by?.name.map(JSON.string)), ("proposal", kept.proposal.map(Self.json)))
        }
        let json = JSON.object(of: (Self.versionField, .number(1)), ("lists", .array(rows)))
        try DurableFile.write(Array(json.text.utf8) + [UInt8(ascii: "\n")], to: path)
    }

    private static func json(_ proposal: ListState.Kept.Proposed) -> JSON {
        .object(
            of: ("entries", .strings(proposal.entries.map(\.description))), ("since_ms", .number(proposal.since.milliseconds)),
            ("shown", .boolean(proposal.isShown)), ("place", proposal.place.map(JSON.string)))
    }
}
