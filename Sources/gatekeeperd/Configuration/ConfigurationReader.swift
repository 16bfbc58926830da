internal import Gatekeeper

/// Walks a configuration by the schema and collects what it says and every mistake in it.
struct ConfigurationReader {
    private(set) var builder = ConfigurationBuilder()
    private(set) var findings: [Finding] = []
    /// Where each section of the file begins, which is where a missing key is to be added. The root's path is empty.
    private(set) var sections: [String: Origin] = [:]
    /// Paths at which something was written that couldn't be used. Such a key isn't missing, and saying so would mislead; the empty path
    /// stands for all of them.
    private(set) var failed: Set<String> = []

    /// What was said under keys that hold a single value, as text: to tell one configuration from another in the words of its author.
    private(set) var written: [String: String] = [:]

    private let environment: (String) -> String?
    private var file = ""
    private var directory = ""

    init(environment: @escaping (String) -> String?) {
        self.environment = environment
    }

    /// A YAML file from disk.
    mutating func read(file path: String) {
        do {
            read(try FileContents.read(path, bytesMax: YAMLReader.fileBytesMax), path: path)
        } catch {
            failed.insert("")
            findings.append(.error(.wholeFile(path), error.problem))
        }
    }

    /// A YAML file's bytes; `path` is what messages call it and what relative paths are relative to.
    mutating func read(_ bytes: [UInt8], path: String) {
        file = path
        directory = FilePath.directory(of: path)
        sections[""] = .file(path, .start)
        let (root, mistakes) = YAMLReader.read(bytes)
        findings += mistakes.map { .error(.file(path, $0.position), $0.message) }
        guard let root else {
            if !mistakes.isEmpty { failed.insert("") }
            return
        }
        guard isConfiguration(root) else {
            failed.insert("")
            let advice = "none of its keys is one of a configuration of gatekeeperd, so nothing of it is shown; name the right file"
            return findings.append(.error(.file(path, root.position), advice))
        }
        readSection(root, path: "")
    }

    /// Whether at least one key is ours, or nearly. What another file holds is nobody's to see who can't open it himself.
    private func isConfiguration(_ root: YAMLNode) -> Bool {
        guard case .mapping(let entries) = root.content, !entries.isEmpty else { return true }
        return entries.prefix(ConfigurationError.linesMax).contains { entry in
            Schema.setting(entry.key) != nil || Schema.suggestion(for: entry.key, under: "") != nil
        }
    }

    /// A flag, in the place of what the file says under the same key.
    mutating func read(_ flag: Configuration.Flag) {
        guard let setting = Schema.setting(flag.key), !flag.key.contains("[") else {
            let list = flag.key.contains("[") || flag.key.contains("]")
            let hint = list ? nil : Schema.suggestion(for: Setting.name(of: flag.key), under: Setting.section(of: flag.key))
            let advice =
                list ? "; an element of a list can only be set as a whole, by its bare value" : hint.map { "; did you mean \($0)?" } ?? ""
            return findings.append(.error(.flag(flag.name), "unknown key\(advice)"))
        }
        let context = ValueContext(origin: .flag(flag.name), directory: "")
        switch setting.rule {
        case .scalar(let rule), .switchedSection(let rule):
            for value in flag.values {
                assign(Located(value: value, origin: context.origin), by: rule, in: context, path: setting.path)
            }
        case .list(let rule):
            rule.begin(&builder)
            for value in flag.values {
                let fields = [rule.bareKey: Located(value: value, origin: context.origin)]
                let mistakes = rule.add(ListElement(context: context, fields: fields), &builder)
                findings += mistakes
                if !mistakes.isEmpty { failed.insert(setting.path) }
            }
        case .section, .group, .likeGroup, .field, .fields, .texts:
            findings.append(.error(context.origin, "\(setting.path) holds further keys; set one of them, as \(setting.path).KEY"))
        case .notYet:
            findings.append(.error(context.origin, "\(setting.path) is not supported yet"))
        }
    }

    // MARK: The walk

    private mutating func readSection(_ node: YAMLNode, path: String) {
        let origin = Origin.file(file, node.position)
        if !path.isEmpty { sections[path] = origin }
        let entries: [YAMLNode.Entry]
        switch node.content {
        case .mapping(let written): entries = written
        case .absent: return
        case .scalar, .sequence:
            let name = path.isEmpty ? "the file" : path
            failed.insert(path)
            return findings.append(.error(origin, "\(name) holds keys and their values, not \(node.kindName)"))
        }
        for entry in entries {
            guard let setting = known(entry, under: path) else { continue }
            switch setting.rule {
            case .section: readSection(entry.value, path: setting.path)
            case .switchedSection(let rule): readSwitchedSection(entry.value, by: rule, path: setting.path)
            case .list(let rule): readList(entry.value, by: rule, path: setting.path)
            case .group(let rule): readGroup(entry.value, by: rule, path: setting.path)
            case .scalar(let rule): readScalar(entry.value, by: rule, path: setting.path)
            case .likeGroup, .field, .fields, .texts, .notYet:
                preconditionFailure("\(setting.path) is no key of a section")
            }
        }
    }

    private mutating func readSwitchedSection(_ node: YAMLNode, by rule: ScalarRule, path: String) {
        if case .scalar = node.content { readScalar(node, by: rule, path: path) } else { readSection(node, path: path) }
    }

    private mutating func readScalar(_ node: YAMLNode, by rule: ScalarRule, path: String) {
        guard let value = scalar(node, path: path) else {
            failed.insert(path)
            return
        }
        assign(value, by: rule, in: ValueContext(origin: value.origin, directory: directory, written: value.written), path: path)
    }

    private mutating func readList(_ node: YAMLNode, by rule: ListRule, path: String) {
        let mistakesBefore = findings.count
        rule.begin(&builder)
        switch node.content {
        case .absent: return
        case .sequence(let elements): for element in elements { readElement(element, by: rule, path: path) }
        case .scalar, .mapping: readElement(node, by: rule, path: path)
        }
        if findings.count > mistakesBefore { failed.insert(path) }
    }

    private mutating func readGroup(_ node: YAMLNode, by rule: ListRule, path: String) {
        let mistakesBefore = findings.count
        rule.begin(&builder)
        let fields = readFields(node, under: path, shownAs: path)
        if findings.count == mistakesBefore {
            let context = ValueContext(origin: .file(file, node.position), directory: directory)
            let mistakes = rule.add(ListElement(context: context, fields: fields), &builder)
            findings += mistakes.map { Self.concealing($0, in: fields, under: path, form: rule.form) }
        }
        if findings.count > mistakesBefore { failed.insert(path) }
    }

    private mutating func readElement(_ node: YAMLNode, by rule: ListRule, path: String) {
        let context = ValueContext(origin: .file(file, node.position), directory: directory)
        var fields: [String: Located<String>] = [:]
        let mistakesBefore = findings.count
        if case .mapping = node.content {
            fields = readFields(node, under: path + "[]", shownAs: path)
        } else {
            fields[rule.bareKey] = scalar(node, path: path)
        }
        // With a mistake in one of its keys, what the others say means something else than was meant.
        guard findings.count == mistakesBefore else { return }
        var element = ListElement(context: context, fields: fields)
        element.context.written = element.written
        let mistakes = rule.add(element, &builder)
        findings += mistakes.map { Self.concealing($0, in: fields, under: path + "[]", form: rule.form) }
    }

    /// The values below a list's element or a group, by their keys.
    private mutating func readFields(_ node: YAMLNode, under path: String, shownAs shown: String) -> [String: Located<String>] {
        guard case .mapping(let entries) = node.content else {
            findings.append(.error(.file(file, node.position), "\(shown) holds keys and their values, not \(node.kindName)"))
            return [:]
        }
        var fields: [String: Located<String>] = [:]
        for entry in entries {
            guard let setting = known(entry, under: path) else { continue }
            let name = setting.name
            switch setting.rule {
            case .fields: fields[name] = scalars(entry.value, path: "\(shown): \(name)")
            case .texts: fields[name] = scalars(entry.value, path: "\(shown): \(name)", separator: Setting.Rule.textSeparator)
            case .likeGroup(let home): readFields(entry.value, under: home, shownAs: "\(shown): \(name)", into: &fields, as: name)
            case .section: readFields(entry.value, under: setting.path, shownAs: "\(shown): \(name)", into: &fields, as: name)
            default:
                if case .mapping = entry.value.content, !Schema.names(under: setting.path).isEmpty {
                    readFields(entry.value, under: setting.path, shownAs: "\(shown): \(name)", into: &fields, as: name)
                } else {
                    fields[name] = scalar(entry.value, path: "\(shown): \(name)")
                }
            }
        }
        return fields
    }

    /// Those of a group in a group; where it begins is kept as well.
    private mutating func readFields(
        _ node: YAMLNode, under path: String, shownAs shown: String, into fields: inout [String: Located<String>], as name: String
    ) {
        fields[name] = Located(value: "", origin: .file(file, node.position))
        for (key, value) in readFields(node, under: path, shownAs: shown) { fields["\(name).\(key)"] = value }
    }

    /// A mistake where a value stands that came by `${NAME}` tells nothing of it; what is wrong elsewhere in the element is told.
    private static func concealing(
        _ mistake: Finding, in fields: [String: Located<String>], under path: String, form usual: String
    ) -> Finding {
        for case (let name, let field) in fields where field.origin == mistake.origin {
            guard let written = field.written else { continue }
            let form =
                switch Schema.setting(name, under: path)?.rule {
                case .field(let form), .fields(let form), .texts(let form): form
                default: usual
                }
            return mistake.concealing(written, at: path.replacing("[]", with: ""), form: form)
        }
        return mistake
    }

    /// The setting of a key, or nil and a mistake that says why there is none.
    private mutating func known(_ entry: YAMLNode.Entry, under path: String) -> Setting? {
        let full = path.isEmpty ? entry.key : "\(path).\(entry.key)"
        let origin = Origin.file(file, entry.keyPosition)
        let shown = full.replacing("[].", with: ": ")
        guard let setting = Schema.setting(full), !entry.key.contains(where: { $0 == "." || $0 == "[" }) else {
            // Beyond the lines that are shown a suggestion is work for nobody, and garbage can hold a hundred thousand keys.
            let isShown = findings.count < ConfigurationError.linesMax
            let suggestion = isShown ? Schema.suggestion(for: entry.key, under: path) : nil
            if let suggestion { failed.insert(suggestion) }
            let hint = isShown ? advice(on: entry.key, under: path, suggestion) : ""
            let section = path.isEmpty ? "" : " in \(path.replacing("[]", with: ""))"
            findings.append(.error(origin, "unknown key \(Quantity.quoted(entry.key))\(section)\(hint)"))
            return nil
        }
        if case .notYet = setting.rule {
            findings.append(.error(origin, "\(shown) is not supported yet"))
            return nil
        }
        return setting
    }

    /// What to do about a key that isn't known where it stands.
    private func advice(on key: String, under path: String, _ suggestion: String?) -> String {
        let section = path.replacing("[]", with: "")
        if let suggestion {
            if suggestion == section { return "; it stands inside itself here, leave one of the two out" }
            // The same word elsewhere: a question that repeats it would be none.
            if Setting.name(of: suggestion) == key, !path.isEmpty {
                let home = Setting.section(of: suggestion)
                return home.isEmpty ? "; \(key) is a key of its own, beside \(Setting.root(of: section))" : "; it belongs into \(home)"
            }
            return "; did you mean \(suggestion.contains("[") ? Setting.name(of: suggestion) : suggestion)?"
        }
        if path.isEmpty, !key.contains("["), Schema.setting(key) != nil {
            let parts = key.split(separator: ".")
            return "; write \(parts[0]): {\(parts.dropFirst().joined(separator: ": {")): …}"
        }
        return ""
    }

    // MARK: Values

    /// The text of a single value with `${NAME}` replaced, or nil and a mistake.
    private mutating func scalar(_ node: YAMLNode, path: String) -> Located<String>? {
        let origin = Origin.file(file, node.position)
        switch node.content {
        case .scalar(let text):
            do {
                let value = try Substitution.apply(to: text, environment: environment)
                return Located(value: value, origin: origin, written: Substitution.isUsed(in: text) ? text : nil)
            } catch {
                findings.append(.error(origin, "\(path): \(error.message)"))
                return nil
            }
        case .absent, .sequence, .mapping:
            findings.append(.error(origin, "\(path) needs a single value, not \(node.kindName)"))
            return nil
        }
    }

    /// A list of single values, or one alone, joined.
    private mutating func scalars(_ node: YAMLNode, path: String, separator: Character = ",") -> Located<String>? {
        let separator = String(separator)
        guard case .sequence(let elements) = node.content else { return scalar(node, path: path) }
        var values: [Located<String>] = []
        for element in elements {
            guard let value = scalar(element, path: path) else { return nil }
            values.append(value)
        }
        let isConcealed = values.contains { $0.written != nil }
        return Located(
            value: values.map(\.value).joined(separator: separator), origin: .file(file, node.position),
            written: isConcealed ? values.map(\.shown).joined(separator: separator) : nil)
    }

    private mutating func assign(_ value: Located<String>, by rule: ScalarRule, in context: ValueContext, path: String) {
        guard !value.value.isEmpty else {
            failed.insert(path)
            return findings.append(.error(value.origin, at: path, "the value is empty"))
        }
        do throws(ValueMistake) {
            try rule.assign(value.value, context, &builder)
            if !rule.isSecret { written[path] = value.shown }
        } catch {
            failed.insert(path)
            let mistake = Finding.error(value.origin, at: path, error.message)
            findings.append(value.written.map { mistake.concealing($0, at: path, form: rule.form) } ?? mistake)
        }
    }
}
