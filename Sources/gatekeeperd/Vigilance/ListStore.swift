internal import Gatekeeper

/// What is admitted of lists, as it outlives the process: one file below the state folder.
struct ListStore {
    let folder: String

    private static let fileName = "lists"
    private static let versionField = "gatekeeper_lists"
    private static let bytesMax = 16 << 20

    var path: String { "\(folder)/\(Self.fileName)" }

    /// By the lists' keys; nothing where there is no file. Throws where there is one that isn't ours: nobody is admitted by it.
    func read() throws(FileFailure) -> [String: ListState.Accepted] {
        let bytes: [UInt8]
        do throws(FileFailure) {
            bytes = try FileContents.read(path, bytesMax: Self.bytesMax)
        } catch {
            if error.isAbsent { return [:] }
            throw error
        }
        guard let json = JSONReader.read(bytes), json[Self.versionField]?.integer == 1, case .array(let rows)? = json["lists"] else {
            throw FileFailure(path, "isn't what this service writes there")
        }
        var lists: [String: ListState.Accepted] = [:]
        for row in rows {
            guard let key = row.string("key"), let texts = row["entries"]?.texts else {
                throw FileFailure(path, "isn't what this service writes there")
            }
            let entries = texts.compactMap { try? AddressPrefix(parsing: $0) }
            guard entries.count == texts.count else { throw FileFailure(path, "isn't what this service writes there") }
            let requester = row["uid"]?.integer.flatMap { UInt32(exactly: $0) }.map { Requester(user: $0, name: row.string("user")) }
            lists[key] = ListState.Accepted(
                entries: entries, at: row["at_ms"]?.integer.map { WallTime(milliseconds: Int64($0)) }, by: requester)
        }
        return lists
    }

    func write(_ lists: [String: ListState.Accepted]) throws(SystemError) {
        let rows = lists.sorted { $0.key < $1.key }.map { key, accepted in
            JSON.object(
                of: ("key", .string(key)), ("entries", .strings(accepted.entries.map(\.description))),
                ("at_ms", accepted.at.map { .number($0.milliseconds) }), ("uid", accepted.by.map { .number($0.user) }),
                ("user", accepted.by?.name.map(JSON.string)))
        }
        let json = JSON.object(of: (Self.versionField, .number(1)), ("lists", .array(rows)))
        try DurableFile.write(Array(json.text.utf8) + [UInt8(ascii: "\n")], to: path)
    }
}
