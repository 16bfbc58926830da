internal import Gatekeeper

/// How those are read who are told of problems.
extension ListRule {
    static var notifiers: ListRule {
        ListRule(
            form: "a webhook or a command, by its key", bareKey: "webhook", needsKeys: true, begin: { $0.notifiers = [] },
            add: addNotifier)
    }

    private static let secretBytes = 16...256

    private static func addNotifier(_ element: ListElement, to builder: inout ConfigurationBuilder) -> [Finding] {
        let (webhook, program) = (element.fields["webhook"], element.fields["command"])
        guard let named = webhook ?? program else {
            return [.error(element.context.origin, at: "notify", "somebody to be told is a webhook or a command").withoutValues]
        }
        if webhook != nil, program != nil {
            return [.error(named.origin, at: "notify", "webhook and command are two notifiers; write them as two").withoutValues]
        }
        for key in ["format", "secret"] where program != nil {
            guard let field = element.fields[key] else { continue }
            return [.error(field.origin, at: "notify: \(key)", "it is a webhook's; a command is given JSON").withoutValues]
        }
        guard builder.notifiers.count < Notifier.countMax else {
            return [.error(named.origin, at: "notify", "there are more than \(Notifier.countMax)").withoutValues]
        }
        do throws(ValueMistake) {
            let way: Notifier.Way = webhook == nil ? .program(try Notifier.path(named.value)) : .webhook(try read(named, element.fields))
            let notifier = Notifier(way: way, written: named.written)
            if builder.notifiers.contains(where: { $0.value == notifier }) {
                return [.warning(named.origin, at: "notify", "it is there already, and is told once").withoutValues]
            }
            builder.notifiers.append(Located(value: notifier, origin: named.origin))
            return []
        } catch {
            return [.error(named.origin, at: "notify", error.message).withoutValues]
        }
    }

    private static func read(_ url: Located<String>, _ fields: [String: Located<String>]) throws(ValueMistake) -> Notifier.Webhook {
        var webhook = try Notifier.Webhook(url: url.value)
        if let format = fields["format"]?.value {
            let words = Notifier.Format.allCases.map(\.rawValue)
            guard let known = Notifier.Format(rawValue: format) else {
                let hint = Suggestion.question(about: format, among: words) ?? ""
                throw ValueMistake("the format is one of \(words.joined(separator: ", "))\(hint)")
            }
            webhook.format = known
        }
        if let secret = fields["secret"]?.value {
            guard secretBytes.contains(secret.utf8.count) else {
                throw ValueMistake("the secret has \(secretBytes.lowerBound) to \(secretBytes.upperBound) bytes")
            }
            webhook.secret = Array(secret.utf8)
        }
        return webhook
    }
}

extension Notifier {
    static func path(_ text: String) throws(ValueMistake) -> String {
        guard text.hasPrefix("/"), !text.utf8.contains(0), text.utf8.count < 4096 else {
            throw ValueMistake("a command is the absolute path of a program, without arguments: what it needs, a script of yours can say")
        }
        return text
    }
}

extension Validation {
    /// Programs that can't be run, or that somebody else than root can change.
    static func programMistakes(_ builder: ConfigurationBuilder) -> [Finding] {
        Configuration.programs(of: builder.notifiers, builder.ordered).compactMap { located, key -> Finding? in
            let (program, name) = (located.value, located.shown)
            if let obstacle = Program.obstacle(to: program) {
                return .error(located.origin, at: key, "\(name): \(obstacle)").withoutValues
            }
            guard let objection = TrustedPath.objection(to: program) else { return nil }
            let who = name == program ? objection : "\(name) can be changed by others than root"
            return .error(located.origin, at: key, "\(who); what the service runs has to be root's alone to change").withoutValues
        }
    }
}

extension Configuration {
    /// Programs that it has run, each where it is named.
    var programs: [(program: Located<String>, key: String)] { Self.programs(of: notifiers, acme) }

    static func programs(
        of notifiers: [Located<Notifier>], _ ordered: [Located<AcmeSettings>]
    ) -> [(program: Located<String>, key: String)] {
        notifiers.compactMap { notifier in
            notifier.value.program.map {
                (Located(value: $0, origin: notifier.origin, written: notifier.value.name == $0 ? nil : notifier.value.name), "notify")
            }
        }
            + ordered.compactMap { acme in
                guard case .program(let path) = acme.value.challenge else { return nil }
                return (Located(value: path, origin: acme.origin), "tls.acme: challenge")
            }
    }

    func runsSamePrograms(as other: Configuration) -> Bool {
        Set(programs.map(\.program.value)) == Set(other.programs.map(\.program.value))
    }

    /// What says which programs are run is root's alone to change, or isn't taken.
    ///
    /// - Parameter file: where it was read from.
    func checkPrograms(in file: String?) throws(ConfigurationError) {
        guard let (program, key) = programs.first else { return }
        guard let file else {
            throw ConfigurationError(findings: [
                .error(program.origin, at: key, "a command is taken from a configuration file alone, and from one that is root's")
            ])
        }
        guard let objection = TrustedPath.objection(to: FilePath.complete(file, directory: WorkingDirectory.path ?? "/")) else { return }
        throw ConfigurationError(findings: [
            .error(
                program.origin, at: key,
                "a command runs as the service, so the file that names it has to be root's alone to change, and \(objection)")
        ])
    }
}
