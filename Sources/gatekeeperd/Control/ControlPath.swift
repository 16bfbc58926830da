/// Where the control socket is.
enum ControlPath {
    /// Without a word in the configuration: in the folder that systemd made for the service (`RuntimeDirectory=`), else the usual one.
    static func standard(environment: (String) -> String? = Environment.value) -> String {
        // systemd lists several folders with colons between.
        let folder = environment("RUNTIME_DIRECTORY")?.split(separator: ":").first.map(String.init) ?? "/run/gatekeeper"
        return folder + "/control.sock"
    }

    /// What a configuration file says under `control`, and `standard` where it says nothing.
    ///
    /// Looks at nothing else in the file: the running service must be reachable most of all when the file has mistakes.
    static func configured(
        in file: String, environment: (String) -> String? = Environment.value
    ) throws(ControlFailure) -> String {
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
            return standard(environment: environment)
        }
        guard let entry = entries.first(where: { $0.key == "control" }) else { return standard(environment: environment) }
        let place = "\(file):\(entry.value.position.line):\(entry.value.position.column)"
        guard case .scalar(let text) = entry.value.content, !text.isEmpty else {
            throw ControlFailure(.invalid, "\(place): control is the path of a socket")
        }
        do {
            return FilePath.complete(try Substitution.apply(to: text, environment: environment), directory: FilePath.directory(of: file))
        } catch {
            throw ControlFailure(.invalid, "\(place): \(error.message)")
        }
    }
}
