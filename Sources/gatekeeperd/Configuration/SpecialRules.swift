internal import Gatekeeper

/// The rules of keys whose values have a form of their own.
extension ScalarRule {
    static var upstreamURL: ScalarRule {
        ScalarRule(form: "http://HOST:PORT, https://HOST:PORT or unix:/PATH", defaultText: nil) {
            (text, context, builder) throws(ValueMistake) in
            var url = try UpstreamURL(text, directory: context.directory)
            url.text = context.written ?? text
            builder.upstream = Located(value: url, origin: context.origin, written: context.written)
        }
    }

    static var checkPath: ScalarRule {
        ScalarRule(form: "a path", defaultText: nil) { (text, _, builder) throws(ValueMistake) in
            guard text.hasPrefix("/"), text.utf8.count <= 1024, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") })
            else {
                throw ValueMistake("\(Quantity.quoted(text)) is not a path, as /api/version")
            }
            builder.checkPath = text
        }
    }

    static var upstreamPins: ScalarRule {
        ScalarRule(form: "the base64 of a SHA-256", defaultText: nil) { (text, context, builder) throws(ValueMistake) in
            builder.upstreamPins = Located(value: try PublicKeyPin.list(text), origin: context.origin)
        }
    }

    static var upstreamHost: ScalarRule {
        ScalarRule(form: "preserve or HOST[:PORT]", defaultText: "preserve") { (text, _, builder) throws(ValueMistake) in
            guard text != "preserve" else {
                builder.settings.upstream.host = nil
                return
            }
            guard UpstreamURL.isAuthority(text) else {
                throw ValueMistake("\(Quantity.quoted(text)) is not a host, as tickets.example.org")
            }
            builder.settings.upstream.host = text
        }
    }

    static var upstreamServerName: ScalarRule {
        ScalarRule(form: "a name", defaultText: nil) { (text, context, builder) throws(ValueMistake) in
            guard let name = UpstreamURL.serverName(in: text), name.utf8.count == text.utf8.count else {
                throw ValueMistake(
                    "\(Quantity.quoted(text)) is not a host name, as tickets.example.org; it has no port, and an address is verified by the url"
                )
            }
            builder.upstreamServerName = Located(value: name, origin: context.origin)
        }
    }

    static var requestBuffering: ScalarRule {
        ScalarRule(form: "off, auto or a size", defaultText: "auto") { (text, _, builder) throws(ValueMistake) in
            switch text {
            case "off": builder.settings.upstream.requestBuffering = .off
            case "auto": builder.settings.upstream.requestBuffering = .auto
            default: builder.settings.upstream.requestBuffering = .upTo(try Quantity.size(text))
            }
        }
    }

    static var upstreamPreset: ScalarRule {
        ScalarRule(form: "the name of a ticket system, as `gatekeeperd presets` has it", defaultText: nil) {
            (text, context, builder) throws(ValueMistake) in
            builder.upstreamPreset = Located(value: try PresetCatalog.ticketSystem(text), origin: context.origin)
        }
    }

    static var spoolFolder: ScalarRule {
        ScalarRule(form: "the path of a folder", defaultText: Settings.Upstream.Spool().folder) { (text, context, builder) in
            builder.settings.upstream.spool.folder = FilePath.complete(text, directory: context.directory)
        }
    }

    static var logDestination: ScalarRule {
        ScalarRule(form: "stdout, syslog, syslog:/PATH or the path of a file", defaultText: "stdout") {
            (text, context, builder) throws(ValueMistake) in
            switch text {
            case "stdout": builder.logDestination = .standardOutput
            case "syslog": builder.logDestination = .syslog(LogDestination.syslogPath)
            case "stderr": throw ValueMistake("standard error is for diagnostics; use stdout, syslog or a file")
            case _ where text.hasPrefix("syslog:"):
                let path = String(text.dropFirst("syslog:".count))
                guard path.hasPrefix("/"), UnixAddress(path) != nil else {
                    throw ValueMistake("\(Quantity.quoted(path)) is not the path of a socket, as syslog:\(LogDestination.syslogPath)")
                }
                builder.logDestination = .syslog(path)
            default: builder.logDestination = .file(FilePath.complete(text, directory: context.directory))
            }
        }
    }

    static var onDeny: ScalarRule {
        let choice = choice(\.settings.onDeny, Settings.OnDeny.allCases.map { ($0.rawValue, $0) }, default: "reset")
        return ScalarRule(form: choice.form, defaultText: choice.defaultText) { (text, context, builder) throws(ValueMistake) in
            try choice.assign(text, context, &builder)
            if builder.settings.onDeny == .drop { builder.dropOrigin = context.origin }
        }
    }

    /// What may stand in place of the shield's keys.
    static var shieldSwitch: ScalarRule {
        ScalarRule(form: "off, or keys as below", defaultText: nil) { (text, context, builder) throws(ValueMistake) in
            guard ["off", "no", "false"].contains(text) else {
                throw ValueMistake("\(Quantity.quoted(text)) is neither off nor the keys that say when, as {above: 1000/s, for: 60s}")
            }
            builder.hasShield = false
        }
    }

    static var workers: ScalarRule {
        let countMax = 256
        return ScalarRule(form: "auto or a number, 1 to \(countMax)", defaultText: "auto") { (text, _, builder) throws(ValueMistake) in
            if text == "auto" {
                builder.settings.workers = nil
                return
            }
            let count = try Quantity.count(text)
            guard (1...countMax).contains(count) else {
                throw ValueMistake("\(Quantity.quoted(text)) is out of range (auto, or 1 to \(countMax))")
            }
            builder.settings.workers = count
        }
    }
}

extension ListRule {
    static var logFields: ListRule {
        let form = Settings.Log.Fields.words.map(\.word).joined(separator: ", ")
        return ListRule(form: form, bareKey: "name", begin: { $0.settings.log.fields = [] }, add: addLogField)
    }

    private static func addLogField(_ element: ListElement, to builder: inout ConfigurationBuilder) -> [Finding] {
        guard let name = element.fields["name"] else { return [] }
        let known = Settings.Log.Fields.words
        guard let field = known.first(where: { $0.word == name.value }) else {
            let words = known.map(\.word)
            let hint = Suggestion.question(about: name.value, among: words) ?? ""
            let text = "\(Quantity.quoted(name.value)) is not one of \(words.joined(separator: ", "))\(hint)"
            return [.error(name.origin, at: "log.fields", text)]
        }
        builder.settings.log.fields.insert(field.value)
        return []
    }

    static var upstreamURLs: ListRule {
        ListRule(form: "http://HOST:PORT, https://HOST:PORT or unix:/PATH", bareKey: "url", begin: { $0.upstreams = [] }, add: addUpstream)
    }

    private static func addUpstream(_ element: ListElement, to builder: inout ConfigurationBuilder) -> [Finding] {
        guard let url = element.fields["url"] else { return [.error(element.context.origin, at: "upstream.urls", "the url is missing")] }
        do throws(ValueMistake) {
            var upstream = try UpstreamURL(url.value, directory: element.context.directory)
            upstream.text = url.shown
            guard !builder.upstreams.contains(where: { $0.value == upstream }) else {
                throw ValueMistake("\(upstream.text) is there already")
            }
            builder.upstreams.append(Located(value: upstream, origin: url.origin))
            return []
        } catch {
            return [.error(url.origin, at: "upstream.urls", error.message)]
        }
    }
}
