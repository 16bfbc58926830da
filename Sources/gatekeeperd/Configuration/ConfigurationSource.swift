internal import Gatekeeper

/// Where the service's configuration comes from, so that it can be read again while it serves.
struct ConfigurationSource: Sendable {
    /// Nil when flags say everything.
    var file: String?
    var flags: [Configuration.Flag]

    /// A configuration and the text of the file that it was read from.
    struct Reading: Sendable {
        var configuration: Configuration
        /// Nil without a file.
        var text: [UInt8]?
        /// Where the text is from.
        var file: String?
    }

    /// Everything as it is on disk now.
    func read() throws(ConfigurationError) -> Reading {
        var text: [UInt8]?
        if let file {
            do {
                text = try FileContents.read(file, bytesMax: YAMLReader.fileBytesMax)
            } catch {
                throw ConfigurationError(findings: [.error(.wholeFile(file), error.problem)])
            }
        }
        let reading = try read(text: text)
        try reading.configuration.checkPrograms(in: file)
        return reading
    }

    /// The files that a configuration names, if one of them isn't what it was when that was read.
    func changedFiles(since reading: Reading) -> [String]? {
        let paths = reading.configuration.watchedPaths
        return fingerprint(of: reading.text ?? [], paths) == reading.configuration.fingerprint ? nil : paths
    }

    /// Two services with the same one serve by the same.
    private func fingerprint(of text: [UInt8], _ files: [String]) -> String {
        var parts = [Fingerprint.sha256(of: text)] + flags.map { "\($0.key)=\($0.values)" }
        parts += files.map { path in (try? FileContents.read(path, bytesMax: AllowFile.fileBytesMax)).map(Fingerprint.sha256) ?? "" }
        return String(Fingerprint.sha256(of: Array(parts.joined(separator: "\n").utf8)).prefix(16))
    }

    /// This text in the place of the file's, with the files that it names as they are on disk now. `name` is the file that it is from, if that
    /// is another.
    func read(text: [UInt8]?, named name: String? = nil) throws(ConfigurationError) -> Reading {
        var reader = ConfigurationReader(environment: ConcealedValues.value)
        if let file, let text { reader.read(text, path: file) }
        for flag in flags { reader.read(flag) }
        do {
            var configuration = try Validation.judge(reader)
            configuration.fingerprint = fingerprint(of: text ?? [], configuration.watchedPaths)
            return Reading(configuration: configuration, text: text, file: name ?? file)
        } catch {
            guard let name, let file else { throw error }
            throw error.renaming(file, to: name)
        }
    }
}
