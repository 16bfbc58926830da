internal import Gatekeeper

/// How lists that change are read: elements of `allow` with `url` or `hosts`.
extension ListRule {
    static func isListSource(_ element: ListElement) -> Bool { element.fields["url"] != nil || element.fields["hosts"] != nil }

    static func addListSource(_ element: ListElement, to builder: inout ConfigurationBuilder) -> [Finding] {
        let fields = element.fields
        guard let named = fields["url"] ?? fields["hosts"] else { return [] }
        for key in ["address", "file", "preset", "until"] + (fields["url"] == nil ? ["json", "every", "ca"] : ["hosts"]) {
            guard let field = fields[key] else { continue }
            let what = fields["url"] == nil ? "a name's" : "a list's"
            return [.error(field.origin, at: "allow: \(key)", "it doesn't belong into \(what) entry").withoutValues]
        }
        guard let label = fields["label"] else {
            let advice = "a list that changes needs a label, by which it is accepted and told of"
            return [.error(named.origin, at: "allow", advice).withoutValues]
        }
        guard (1...AllowFile.labelBytesMax).contains(label.value.utf8.count) else {
            return [.error(label.origin, at: "allow", "a label has 1 to \(AllowFile.labelBytesMax) bytes").withoutValues]
        }
        guard !builder.lists.contains(where: { $0.value.label == label.shown }) else {
            return [.error(label.origin, at: "allow", "another list has this label, and one is accepted by it").withoutValues]
        }
        guard builder.lists.count < ListSource.countMax else {
            return [.error(named.origin, at: "allow", "there are more than \(ListSource.countMax) lists that change").withoutValues]
        }
        do throws(ValueMistake) {
            let way: ListSource.Way = fields["url"] == nil ? .hosts(try host(named.value)) : .url(try page(named.value, element))
            builder.lists.append(Located(value: ListSource(label: label.shown, way: way), origin: named.origin, written: named.written))
            builder.labels.insert(label.shown)
        } catch {
            return [.error(named.origin, at: "allow", error.message).withoutValues]
        }
        return authorityMistake(element)
    }

    private static func host(_ text: String) throws(ValueMistake) -> String {
        guard (try? PeerAddress(parsing: text)) == nil else { throw ValueMistake("this is an address, not a name: write it as address") }
        let names = try AcmeSettings.names(text)
        guard names.count == 1, names[0].contains("."), !names[0].hasPrefix("*") else {
            throw ValueMistake("hosts is one name in full, as office.dyn.example.net")
        }
        return names[0]
    }

    private static func page(_ url: String, _ element: ListElement) throws(ValueMistake) -> ListSource.Page {
        var json: JSONPath?
        if let path = element.fields["json"] { json = try JSONPath(path.value) }
        var seconds = ListSource.everySecondsUsual
        if let every = element.fields["every"] {
            seconds = try Quantity.duration(every.value) / 1000
            guard ListSource.everySeconds.contains(seconds) else { throw ValueMistake("every is between 5m and 30d") }
        }
        var page = try ListSource.Page(url: url, json: json, everySeconds: seconds)
        if let file = element.fields["ca"] {
            page.server.tls?.authorityPath = FilePath.complete(file.value, directory: element.context.directory)
        }
        return page
    }

    private static func authorityMistake(_ element: ListElement) -> [Finding] {
        guard let file = element.fields["ca"] else { return [] }
        do throws(FileFailure) {
            try FileContents.checkReadable(FilePath.complete(file.value, directory: element.context.directory))
            return []
        } catch {
            let shown = FilePath.shown(file, directory: element.context.directory)
            return [.error(file.origin, at: "allow: ca", error, called: shown)]
        }
    }
}

extension Validation {
    static func listMistakes(_ builder: ConfigurationBuilder) -> [Finding] {
        guard let first = builder.lists.first, builder.statePath == nil, StandardPath.state() == nil else { return [] }
        let advice = "what was accepted has to be kept on disk; set state, as state: /var/lib/gatekeeper"
        return [.error(first.origin, at: "allow", advice).withoutValues]
    }

    /// What `check` says of names that stand for addresses.
    static func listNotes(_ builder: ConfigurationBuilder) -> [String] {
        builder.lists.compactMap { list -> String? in
            guard case .hosts(let name) = list.value.way else { return nil }
            return
                "\(list.origin): \(list.written ?? name) is weaker than an address: whoever can change that record, or answer for its name "
                + "server, is let in; an address of its own is better where the office has one"
        }
    }
}

/// What no list that changes may admit, though a file that an admin writes could: nobody looks at each entry before it counts.
enum ListJudgement {
    private static let (ipv4BitsMin, ipv6BitsMin) = (16, 32)

    /// Why it is refused; nil for one that may be proposed.
    static func objection(to prefix: AddressPrefix) -> String? {
        if let reason = prefix.whyNobodyComes { return reason }
        let bits = prefix.isIPv4 ? Int(prefix.length) - 96 : Int(prefix.length)
        let least = prefix.isIPv4 ? ipv4BitsMin : ipv6BitsMin
        guard bits >= least else { return "\(prefix) is too large a network for a list that changes (at least /\(least))" }
        if AddressScope(prefix.address).isPrivate {
            return "\(prefix) is private: many may have it, and none of them comes from elsewhere"
        }
        return nil
    }

    /// For addresses that a name stands for: none but those that the internet routes.
    static func objection(toHost address: PeerAddress) -> String? {
        if let objection = objection(to: AddressPrefix(address)) { return objection }
        let isGlobal = address.isIPv4 || address.high >> 61 == 1
        guard isGlobal, !special.contains(where: { $0.contains(address) }) else {
            return "\(address) is none that the internet routes"
        }
        return nil
    }

    /// For documentation, measurements and protocols (RFC 6890, RFC 5737, RFC 3849).
    private static let special = [
        "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "192.88.99.0/24", "2001::/23",
        "2001:db8::/32", "3fff::/20", "2002::/16",
    ].compactMap { try? AddressPrefix(parsing: $0) }
}
