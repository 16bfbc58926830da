internal import Gatekeeper

/// How routes are read: an admin's own, or those of a known ticket system.
extension ListRule {
    static var routes: ListRule {
        ListRule(
            form: "/PATH, or path and methods, or a preset", bareKey: "path",
            begin: {
                $0.routes = []
                $0.routeLabels = []
                $0.routePresets = []
            }, add: addRoute)
    }

    /// Why an element is no route.
    private struct Mistake: Error {
        let finding: Finding

        init(_ origin: Origin, at key: String = "", _ message: String) {
            finding = .error(origin, at: key.isEmpty ? "routes" : "routes: \(key)", message)
        }
    }

    private static func addRoute(_ element: ListElement, to builder: inout ConfigurationBuilder) -> [Finding] {
        do throws(Mistake) {
            let labels = try labels(element)
            if let name = element.fields["preset"] {
                let preset = try preset(name, element)
                builder.routes?.append(contentsOf: try routes(of: preset, named: name, from: labels, element))
                builder.routePresets.append(Located(value: preset, origin: name.origin))
            } else {
                builder.routes?.append(try ownRoute(element, from: labels))
            }
            if let from = element.fields["from"] {
                builder.routeLabels += (labels ?? []).map { Located(value: $0, origin: from.origin) }
            }
            return []
        } catch {
            return [error.finding]
        }
    }

    /// What the allow-list calls those whom the route is for; nil for everybody.
    private static func labels(_ element: ListElement) throws(Mistake) -> [String]? {
        guard let from = element.fields["from"] else { return nil }
        // A label is there to be shown, and is known as it is shown.
        let labels = from.shown.split(separator: Setting.Rule.textSeparator).map(String.init)
        guard !labels.isEmpty else {
            throw Mistake(from.origin, at: "from", "it names nobody; leave it out for everybody who is admitted")
        }
        return labels
    }

    // MARK: An admin's own

    private static func ownRoute(_ element: ListElement, from labels: [String]?) throws(Mistake) -> Located<Route> {
        if let base = element.fields["base"] {
            throw Mistake(base.origin, at: "base", "it is for a preset; write it into the path")
        }
        guard let path = element.fields["path"] else {
            throw Mistake(element.context.origin, "the path is missing")
        }
        let methods = element.fields["methods"]
        var isCaseSensitive = true
        if let text = element.fields["case_sensitive"] {
            do throws(ValueMistake) {
                isCaseSensitive = try Quantity.flag(text.value)
            } catch {
                throw Mistake(text.origin, at: "case_sensitive", error.message)
            }
        }
        let query = try query(element)
        let names = methods?.value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        do throws(Route.SyntaxError) {
            // Alone, so that a mistake is told where it stands.
            _ = try Route(methods: names, path: "/")
        } catch {
            throw Mistake(methods?.origin ?? path.origin, at: "methods", error.description)
        }
        do throws(Route.SyntaxError) {
            var route = try Route(methods: names, path: path.value, isCaseSensitive: isCaseSensitive)
            (route.from, route.query) = (labels, query?.rule)
            if element.written != nil {
                route.shown = (methods.map { "\($0.shown) " } ?? "") + path.shown + Route.conditions(from: labels, query: query?.shown)
            }
            return Located(value: route, origin: path.origin, written: path.written)
        } catch {
            throw Mistake(path.origin, "\(Quantity.quoted(path.value)): \(error.description)")
        }
    }

    private static func query(_ element: ListElement) throws(Mistake) -> (rule: QueryRule, shown: String)? {
        guard let section = element.fields["query"] else { return nil }
        let (allow, deny) = (element.fields["query.allow"], element.fields["query.deny"])
        guard let keys = allow ?? deny, allow == nil || deny == nil else {
            throw Mistake(section.origin, at: "query", "it is either allow or deny, as query: {allow: [version]}")
        }
        let kind: QueryRule.Kind = allow == nil ? .deny : .allow
        let names = keys.value.isEmpty ? [] : keys.value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        do throws(Route.SyntaxError) {
            let shown = QueryRule.description(kind, keys.shown.replacing(",", with: ", "))
            return (try QueryRule(kind, names), shown)
        } catch {
            throw Mistake(keys.origin, at: "query", error.description)
        }
    }

    // MARK: A ticket system's

    private static func preset(_ name: Located<String>, _ element: ListElement) throws(Mistake) -> TicketSystemPreset {
        for key in ["path", "methods", "case_sensitive", "query"] {
            guard let field = element.fields[key] else { continue }
            throw Mistake(field.origin, at: key, "a preset has its own; write another route beside it")
        }
        do throws(ValueMistake) {
            return try PresetCatalog.routes(of: name.value)
        } catch {
            throw Mistake(name.origin, at: "preset", error.message)
        }
    }

    private static func routes(
        of preset: TicketSystemPreset, named name: Located<String>, from labels: [String]?, _ element: ListElement
    ) throws(Mistake) -> [Located<Route>] {
        let base = try base(element)
        var routes: [Located<Route>] = []
        for line in preset.routes {
            do throws(Route.SyntaxError) {
                var route = try Route(methods: line.methods, path: base.path + line.path, isCaseSensitive: preset.tellsCase)
                route.from = labels
                route.provenance = "preset \(preset.name): \(line.provenance)"
                if element.written != nil {
                    route.shown =
                        line.methods.joined(separator: ",") + " " + base.shown + line.path + Route.conditions(from: labels, query: nil)
                }
                routes.append(Located(value: route, origin: name.origin, written: name.written))
            } catch {
                throw Mistake(name.origin, at: "preset", error.description)
            }
        }
        return routes
    }

    /// What stands before a preset's paths, without the slash at its end.
    private static func base(_ element: ListElement) throws(Mistake) -> (path: String, shown: String) {
        guard let base = element.fields["base"] else { return ("", "") }
        func cut(_ text: String) -> String { text.hasSuffix("/") ? String(text.dropLast()) : text }
        do throws(Route.SyntaxError) {
            _ = try Route(methods: nil, path: cut(base.value) + "/x")
            return (cut(base.value), cut(base.shown))
        } catch {
            throw Mistake(base.origin, at: "base", "\(Quantity.quoted(base.value)): \(error.description)")
        }
    }
}

extension Validation {
    /// Labels that nobody has.
    static func routeMistakes(_ reader: ConfigurationReader) -> [Finding] {
        let labels = reader.builder.labels
        // Of a list that can't be used nobody knows whom it would name.
        let isRefused = reader.failed.contains("allow") && reader.findings.contains { $0.severity == .error }
        guard !isRefused else { return [] }
        return reader.builder.routeLabels.filter { !labels.contains($0.value) }.map { label in
            let hint =
                Suggestion.hint(for: label.value, among: labels)
                ?? "; give one to those whom the route is for, as allow: [{address: 203.0.113.9, label: office}]"
            return .error(label.origin, at: "routes: from", "no entry of allow has the label \(Quantity.quoted(label.value))\(hint)")
                .withoutValues
        }
    }

    /// What an admin should know of the presets that routes are of.
    static func routeNotes(_ builder: ConfigurationBuilder) -> [String] {
        var seen: Set<String> = []
        return builder.routePresets.filter { seen.insert($0.value.name).inserted }.flatMap { located in
            let (preset, subject) = (located.value, "\(located.origin): routes: preset \(located.value.name)")
            let isInferred = preset.routes.contains { $0.evidence == .inferred }
            let doubt =
                "\(subject) is inferred in part, and nobody has seen it work: try it with routes_mode: shadow, and see "
                + "`gatekeeperd presets \(preset.name)`"
            return (isInferred ? [doubt] : []) + preset.unlimited.map { "\(subject) can't limit this: \($0.text)" }
        }
    }
}
