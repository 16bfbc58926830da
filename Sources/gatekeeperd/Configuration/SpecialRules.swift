internal import Gatekeeper

/// The rules of keys whose values have a form of their own.
extension ScalarRule {
    static var upstreamURL: ScalarRule {
        ScalarRule(form: "http://HOST:PORT, https://HOST:PORT or unix:/PATH", defaultText: nil) {
            (text, context, draft) throws(ValueMistake) in
            draft.upstream = Located(value: try UpstreamURL(text, directory: context.directory), origin: context.origin)
        }
    }

    static var upstreamPins: ScalarRule {
        ScalarRule(form: "the base64 of a SHA-256", defaultText: nil) { (text, _, draft) throws(ValueMistake) in
            draft.upstreamPins = try PublicKeyPin.list(text)
        }
    }

    static var upstreamHost: ScalarRule {
        ScalarRule(form: "preserve or HOST[:PORT]", defaultText: "preserve") { (text, _, draft) throws(ValueMistake) in
            guard text != "preserve" else {
                draft.upstreamHost = nil
                return
            }
            guard UpstreamURL.isAuthority(text) else {
                throw ValueMistake("\(Quantity.quoted(text)) is not a host, as tickets.example.org")
            }
            draft.upstreamHost = text
        }
    }

    static var requestBuffering: ScalarRule {
        ScalarRule(form: "off, auto or a size", defaultText: "off") { (text, _, draft) throws(ValueMistake) in
            switch text {
            case "off": draft.requestBuffering = .off
            case "auto": draft.requestBuffering = .auto
            default: draft.requestBuffering = .upTo(try Quantity.size(text))
            }
        }
    }

    static var logDestination: ScalarRule {
        ScalarRule(form: "stdout or the path of a file", defaultText: "stdout") { (text, context, draft) throws(ValueMistake) in
            switch text {
            case "stdout": draft.logDestination = .standardOutput
            case "syslog": throw ValueMistake("syslog is not supported yet; use stdout or a file")
            case "stderr": throw ValueMistake("standard error is for diagnostics; use stdout or a file")
            default: draft.logDestination = .file(FilePath.complete(text, directory: context.directory))
            }
        }
    }

    static var workers: ScalarRule {
        let countMax = 256
        return ScalarRule(form: "auto or a number, 1 to \(countMax)", defaultText: "auto") { (text, _, draft) throws(ValueMistake) in
            if text == "auto" {
                draft.workers = nil
                return
            }
            let count = try Quantity.count(text)
            guard (1...countMax).contains(count) else {
                throw ValueMistake("\(Quantity.quoted(text)) is out of range (auto, or 1 to \(countMax))")
            }
            draft.workers = count
        }
    }
}

extension ListRule {
    static var listeners: ListRule {
        ListRule(form: "ADDRESS:PORT or PORT", bareKey: "address", begin: { $0.listeners = [] }, add: addListener)
    }

    static var allowEntries: ListRule {
        ListRule(form: "ADDRESS or ADDRESS/BITS", bareKey: "address", begin: { $0.allow = [] }, add: addAllowEntry)
    }

    private static func addListener(_ element: ListElement, to draft: inout Draft) -> [Diagnostic] {
        guard let address = element.fields["address"] else {
            return [.error(element.context.origin, at: "listen", "the address is missing")]
        }
        do throws(AddressSyntaxError) {
            draft.listeners.append(Located(value: try SocketAddress(parsing: address.value), origin: address.origin))
            return []
        } catch {
            return [.error(address.origin, at: "listen", ValueMistake(in: address.value, error.description).message)]
        }
    }

    private static func addAllowEntry(_ element: ListElement, to draft: inout Draft) -> [Diagnostic] {
        let label = element.fields["label"]
        if let label, !(1...AllowFile.labelBytesMax).contains(label.value.utf8.count) {
            return [.error(label.origin, at: "allow", "a label has 1 to \(AllowFile.labelBytesMax) bytes")]
        }
        switch (element.fields["address"], element.fields["file"]) {
        case (let address?, nil):
            do throws(ValueMistake) {
                let entry = try AllowFile.entry(address.value, label: label?.value, origin: address.origin)
                draft.allow?.append(Located(value: entry, origin: address.origin))
                return []
            } catch {
                return [.error(address.origin, at: "allow", error.message)]
            }
        case (nil, let file?):
            let path = FilePath.complete(file.value, directory: element.context.directory)
            let read = AllowFile.read(path, label: label?.value, namedAt: file.origin)
            draft.allow?.append(contentsOf: read.entries)
            return read.mistakes
        case (nil, nil):
            return [.error(element.context.origin, at: "allow", "an entry needs an address or a file")]
        case (_?, let file?):
            return [.error(file.origin, at: "allow", "an entry is an address or a file, not both")]
        }
    }
}
