internal import Gatekeeper

/// How the allow-list is read.
extension ListRule {
    static var allowEntries: ListRule {
        ListRule(
            form: "ADDRESS or ADDRESS/BITS", bareKey: "address",
            begin: {
                ($0.allow, $0.lists) = ([], [])
                $0.labels = []
            }, add: addAllowEntry)
    }

    private static func addAllowEntry(_ element: ListElement, to builder: inout ConfigurationBuilder) -> [Finding] {
        if isListSource(element) { return addListSource(element, to: &builder) }
        for key in ["json", "every", "ca"] {
            guard let field = element.fields[key] else { continue }
            return [.error(field.origin, at: "allow: \(key)", "it belongs to a list by url").withoutValues]
        }
        let label = element.fields["label"]
        if let label, !(1...AllowFile.labelBytesMax).contains(label.value.utf8.count) {
            return [.error(label.origin, at: "allow", "a label has 1 to \(AllowFile.labelBytesMax) bytes").withoutValues]
        }
        var findings: [Finding] = []
        var end: Int64?
        if let until = element.fields["until"] {
            do throws(ValueMistake) {
                let seconds = try CalendarTime.unixSeconds(until.value)
                if seconds <= WallTime.now().milliseconds / 1000 {
                    findings.append(
                        .warning(until.origin, at: "allow: until", "\(until.shown) is past; the entry admits nobody").withoutValues)
                }
                end = seconds
            } catch {
                return [.error(until.origin, at: "allow: until", error.message)]
            }
        }
        // A label is there to be shown, in every line of the log.
        var added = added(by: element, label: label?.shown, to: &builder)
        for index in added.entries.indices { added.entries[index].value.endsAtUnixSeconds = end }
        builder.allow?.append(contentsOf: added.entries)
        builder.labels.formUnion([label?.shown].compactMap(\.self) + added.entries.prefix(1).compactMap(\.value.label))
        return findings + added.mistakes
    }

    /// The entries that an element stands for: one, those of a file, or those of a preset.
    private static func added(
        by element: ListElement, label: String?, to builder: inout ConfigurationBuilder
    ) -> (entries: [Located<Settings.AllowEntry>], mistakes: [Finding]) {
        let sources = ["address", "file", "preset"].compactMap { name in element.fields[name].map { (name: name, text: $0) } }
        guard let source = sources.first else {
            return ([], [.error(element.context.origin, at: "allow", "an entry needs an address, a file, a preset, a url or hosts")])
        }
        guard sources.count == 1 else {
            return ([], [.error(sources[1].text.origin, at: "allow", "an entry is one of an address, a file and a preset").withoutValues])
        }
        let (text, origin) = (source.text.value, source.text.origin)
        if source.name == "file" {
            let path = FilePath.complete(text, directory: element.context.directory)
            builder.allowFiles.append(path)
            let name = FilePath.shown(source.text, directory: element.context.directory)
            builder.listNames[path] = name
            let list = AllowFile.read(path, called: name, label: label, namedAt: origin)
            builder.listLengths[path, default: 0] += list.entries.count
            return list
        }
        do throws(ValueMistake) {
            let entries =
                source.name == "preset"
                ? try VendorPreset.find(text).entries(label: label, origin: origin)
                : [try AllowFile.entry(text, label: label, origin: origin)]
            return (entries.map { Located(value: $0, origin: origin, written: source.text.written) }, [])
        } catch {
            return ([], [.error(origin, at: "allow", error.message)])
        }
    }
}
