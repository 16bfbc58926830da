/// A path that a configuration file names at its top level.
///
/// Looks at nothing else in the file: who asks about a service must be answered most of all when the file has mistakes.
enum ConfiguredPath {
    /// What the file says under `key`; nil where it says nothing.
    static func value(
        of key: String, in file: String, what: String, environment: (String) -> String? = ConcealedValues.value
    ) throws(ControlFailure) -> String? {
        try text(of: key, in: file, what: "the path of \(what)", environment: environment).map {
            FilePath.complete($0, directory: FilePath.directory(of: file))
        }
    }

    /// Likewise of a key that holds no path.
    static func text(
        of key: String, in file: String, what: String, environment: (String) -> String? = ConcealedValues.value
    ) throws(ControlFailure) -> String? {
        let bytes: [UInt8]
        do {
            bytes = try FileContents.read(file, bytesMax: YAMLReader.fileBytesMax)
        } catch {
            throw ControlFailure(.invalid, "\(error)")
        }
        let (root, mistakes) = YAMLReader.read(bytes)
        guard let root, case .mapping(let entries) = root.content else {
            if let mistake = mistakes.first {
                throw ControlFailure(.invalid, "\(file):\(mistake.position.line):\(mistake.position.column): \(mistake.message)")
            }
            return nil
        }
        guard let entry = entries.first(where: { $0.key == key }) else { return nil }
        let origin = "\(file):\(entry.value.position.line):\(entry.value.position.column)"
        guard case .scalar(let text) = entry.value.content, !text.isEmpty else {
            throw ControlFailure(.invalid, "\(origin): \(key) is \(what)")
        }
        do {
            // Of what `${NAME}` stands for nothing is shown (`ConcealedValues`).
            return try Substitution.apply(to: text, environment: environment)
        } catch {
            throw ControlFailure(.invalid, "\(origin): \(error.message)")
        }
    }
}
