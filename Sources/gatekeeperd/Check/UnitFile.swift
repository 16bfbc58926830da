internal import Gatekeeper

/// What systemd's files say about how a service is run: the unit and its drop-ins, one after the other (systemd.unit(5), systemd.syntax(7)).
///
/// Read from the files themselves: `systemctl show` takes a systemd that runs, and a configuration is checked before that on many machines.
struct UnitFile: Equatable, Sendable {
    /// Values of `[Service]` by their name, in the order of the files; an empty one forgets those before it.
    private(set) var settings: [String: [String]] = [:]
    /// The files that were read, the unit first.
    private(set) var paths: [String] = []

    static let name = "gatekeeperd.service"
    private static let folders = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"].map { "\($0)/systemd/system" }
    private static let fileBytesMax = 1 << 20

    init() {}

    /// The unit that is installed; nil if there is none.
    ///
    /// - Parameter root: of the file system, for tests.
    static func installed(root: String = "", name: String = Self.name) -> UnitFile? {
        var unit = UnitFile()
        let candidates = folders.map { "\(root)\($0)/\(name)" }
        guard let path = candidates.first(where: { FileStamp(path: $0) != nil }), unit.read(file: path) else { return nil }
        // Of drop-ins of one name the first folder's counts, and they are read in the order of their names.
        var dropIns: [String: String] = [:]
        for folder in folders.reversed() {
            let folder = root + folder + "/" + name + ".d"
            for file in FolderContents.names(in: folder) where file.hasSuffix(".conf") { dropIns[file] = folder + "/" + file }
        }
        for (_, path) in dropIns.sorted(by: { $0.key < $1.key }) { _ = unit.read(file: path) }
        return unit
    }

    private mutating func read(file path: String) -> Bool {
        guard let bytes = try? FileContents.read(path, bytesMax: Self.fileBytesMax) else { return false }
        read(String(decoding: bytes, as: UTF8.self))
        paths.append(path)
        return true
    }

    /// Takes in a file's text.
    mutating func read(_ text: String) {
        var section = ""
        var pending = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let line = Self.trimmed(line)
            if pending.isEmpty, line.isEmpty { continue }
            // Comments may stand between lines that belong together.
            if line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasSuffix("\\") {
                pending += line.dropLast() + " "
                continue
            }
            let whole = pending + line
            pending = ""
            if whole.hasPrefix("["), whole.hasSuffix("]") {
                section = String(whole.dropFirst().dropLast())
            } else if section == "Service", let equals = whole.firstIndex(of: "=") {
                put(Self.trimmed(whole[whole.index(after: equals)...]), under: Self.trimmed(whole[..<equals]))
            }
        }
    }

    private mutating func put(_ value: String, under name: String) {
        // One word for two (systemd.service(5)).
        if name == "TimeoutSec" { put(value, under: "TimeoutStopSec") }
        if value.isEmpty { settings[name] = [] } else { settings[name, default: []].append(value) }
    }

    /// The last value.
    func value(_ name: String) -> String? { settings[name]?.last }

    func isOn(_ name: String) -> Bool { ["yes", "true", "on", "1"].contains(value(name)?.lowercased()) }

    /// All words of all values; quotes hold a word together.
    func words(_ name: String) -> [String] { (settings[name] ?? []).flatMap(Self.words) }

    // MARK: Text

    static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in text {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character == " " || character == "\t" {
                if let whole = word { words.append(whole) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + [word].compactMap(\.self)
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" || character == "\r" || character == "\r\n" }
        let rest = text.drop(while: isBlank)
        return String(rest[..<(rest.lastIndex { !isBlank($0) }.map(rest.index(after:)) ?? rest.startIndex)])
    }
}
