/// The questions that flags left open, one after the other: lines go in, what is to be shown comes out, and what is asked next.
struct Interview {
    private(set) var configuration: InitConfiguration
    private var open: [InitQuestion]
    private var doubt: Doubt?
    private let surroundings: InitSurroundings

    /// An answer that was looked at and isn't settled.
    private enum Doubt {
        /// Something is wrong where it leads.
        case uneasy([String], pin: String?)
        /// It is taken; and it seems to be this one.
        case recognised(TicketSystemPreset)
    }

    private static let others = ["another", "other", "none"]

    init(_ configuration: InitConfiguration, surroundings: InitSurroundings = InitSurroundings()) {
        self.configuration = configuration
        self.surroundings = surroundings
        open = InitQuestion.allCases.filter { !$0.isAnswered(by: configuration) }
        // What a configuration is whole without is no reason to begin.
        if open.allSatisfy(\.isOptional) { open = [] }
    }

    /// Nil when everything is known.
    var question: InitQuestion? { open.first }

    /// The present question as it is shown, with what an empty answer stands for.
    var prompt: String {
        guard let question else { return "" }
        switch doubt {
        case nil:
            let usual = usualText(of: question)
            return "\(question.prompt(in: configuration))?\(usual.isEmpty ? " " : " [\(usual)]: ")"
        case .uneasy(_, pin: nil): return "Type yes to go on with it, another answer, or nothing to look again [look again]: "
        case .uneasy: return "Type trust to trust that key, yes to go on without, another answer, or nothing to look again [look again]: "
        case .recognised(let system): return "Is it \(system.title), and is what is known of it to be written down? [yes]: "
        }
    }

    private func usualText(of question: InitQuestion) -> String {
        switch question {
        case .ticketSystem: "another"
        case .allow: configuration.preset == nil ? "" : "none"
        case .contact: "none"
        default: usual(question).joined(separator: " ")
        }
    }

    private func usual(_ question: InitQuestion) -> [String] {
        switch question {
        case .name: [surroundings.usualName(configuration)].compactMap(\.self)
        case .listen: surroundings.hasIPv6 ? ["0.0.0.0:443", "[::]:443"] : ["0.0.0.0:443"]
        default: question.usual(in: configuration)
        }
    }

    /// Takes the answer to the present question: what was seen, or what is wrong with it and what is to be typed; then the question stays.
    mutating func take(_ line: String) -> [String] {
        guard let question else { return [] }
        let answer = Self.trimmed(line)
        if answer == "?" { return explanation(of: question) }
        if let doubt, let lines = settle(doubt, by: answer, question) { return lines }
        doubt = nil
        do throws(ValueMistake) {
            return consider(try values(of: answer, to: question), question)
        } catch {
            return [error.message, question.form].filter { !$0.isEmpty }
        }
    }

    private func explanation(of question: InitQuestion) -> [String] {
        switch doubt {
        case nil: question.explanation + [question.form]
        case .uneasy(_, let pin):
            ["What is said above may be put right later: the file can be written all the same, and the service started then."]
                + (pin == nil
                    ? []
                    : [
                        "To trust a key means that whoever has it is taken for the ticket system, whatever its certificate says. Compare it there:",
                        "  openssl x509 -pubkey -noout -in CERT | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64",
                    ])
        case .recognised(let system): ["By what it answers, it looks like \(system.title). Type yes, or no if it is another."]
        }
    }

    /// Nil for another answer to the question.
    private mutating func settle(_ doubt: Doubt, by answer: String, _ question: InitQuestion) -> [String]? {
        switch (doubt, answer.lowercased()) {
        case (.uneasy(let values, _), ""): return consider(values, question)
        case (.uneasy(let values, let pin), let word) where Self.isYes(word) || pin != nil && word == "trust":
            question.put(values, into: &configuration)
            if question == .upstream { configuration.pin = word == "trust" ? pin : nil }
            next()
            return []
        case (.uneasy, "no"), (.uneasy, "n"):
            self.doubt = nil
            return []
        case (.uneasy, _): return nil
        case (.recognised(let system), let word) where word.isEmpty || Self.isYes(word):
            configuration.ticketSystem = system
            next()
        case (.recognised, "no"), (.recognised, "n"): next()
        case (.recognised, _): return ["Type yes or no."]
        }
        return []
    }

    private mutating func consider(_ values: [String], _ question: InitQuestion) -> [String] {
        var proposed = configuration
        question.put(values, into: &proposed)
        if question == .upstream { proposed.pin = nil }
        let sight = surroundings.look(question, proposed)
        doubt = nil
        if sight.isDoubtful {
            doubt = .uneasy(values, pin: sight.pin)
            return sight.lines
        }
        configuration = proposed
        if let system = sight.looksLike { doubt = .recognised(system) } else { next() }
        return sight.lines
    }

    private mutating func next() {
        doubt = nil
        // What is asked of one that is ordered, in place of its key.
        guard open.removeFirst() == .certificate, configuration.acme != nil else { return }
        open = [InitQuestion.acme, .contact].filter { !$0.isAnswered(by: configuration) } + open.filter { $0 != .key }
    }

    // MARK: Answers

    private func values(of answer: String, to question: InitQuestion) throws(ValueMistake) -> [String] {
        var values: [String]
        switch question {
        case .ticketSystem: return try ticketSystem(answer)
        case .preset: values = vendor(answer)
        case .listen, .allow, .acme: values = answer.split { $0 == " " || $0 == "\t" || $0 == "," }.map(String.init)
        // The name of a file may hold blanks.
        case .upstream, .contact, .name, .certificate, .key: values = [answer].filter { !$0.isEmpty }
        }
        if question == .preset, values.isEmpty { return [] }
        if question == .allow, values.isEmpty || values.map({ $0.lowercased() }) == ["none"] {
            guard configuration.preset != nil else { throw ValueMistake("Nobody could connect; name at least one address.") }
            return []
        }
        if question == .contact, values.isEmpty || values.map({ $0.lowercased() }) == ["none"] { return [] }
        if values.isEmpty { values = usual(question) }
        guard !values.isEmpty else { throw ValueMistake("There is no default for this.") }
        if let mistake = question.mistake(in: values) { throw ValueMistake(mistake) }
        return values
    }

    private func ticketSystem(_ answer: String) throws(ValueMistake) -> [String] {
        let all = TicketSystemPreset.all
        let name = answer.lowercased().replacing(" ", with: "-")
        if name.isEmpty || Self.others.contains(name) || Int(name) == all.count + 1 { return [] }
        if let number = Int(name) {
            guard all.indices.contains(number - 1) else { throw ValueMistake("There is no \(number) in the list.") }
            return [all[number - 1].name]
        }
        if let system = all.first(where: { $0.name == name || $0.aliases.contains(name) }) { return [system.name] }
        let hint = Suggestion.nearest(to: name, among: all.flatMap { [$0.name] + $0.aliases }).map { " Did you mean \($0)?" } ?? ""
        throw ValueMistake("\(Quantity.quoted(answer)) isn't in the list.\(hint)")
    }

    /// None for another one than those of the list.
    private func vendor(_ answer: String) -> [String] {
        let all = VendorPreset.all
        let name = answer.lowercased()
        if Self.others.contains(name) || Int(name) == all.count + 1 { return [] }
        if name.isEmpty { return all.prefix(1).map(\.name) }
        if let number = Int(name), all.indices.contains(number - 1) { return [all[number - 1].name] }
        return [name]
    }

    private static func isYes(_ word: String) -> Bool { word == "yes" || word == "y" }

    static func trimmed(_ line: String) -> String {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" || character == "\r" }
        let rest = line.drop(while: isBlank)
        return String(rest[..<(rest.lastIndex { !isBlank($0) }.map(rest.index(after:)) ?? rest.startIndex)])
    }
}
