/// The questions that flags left open, one after the other: lines go in, the next question or what is wrong with the answer comes out.
struct Interview {
    private(set) var configuration: InitConfiguration
    private var open: [InitQuestion]

    init(_ configuration: InitConfiguration) {
        self.configuration = configuration
        open = InitQuestion.allCases.filter { !$0.isAnswered(by: configuration) }
    }

    /// Nil when everything is known.
    var question: InitQuestion? { open.first }

    /// The present question as it is shown, with what an empty answer stands for.
    var prompt: String {
        guard let question else { return "" }
        let words = question.prompt.prefix(1).uppercased() + question.prompt.dropFirst()
        return question.usual.isEmpty ? "\(words): " : "\(words) [\(question.usual)]: "
    }

    /// Takes the answer to the present question, or says what is wrong with it; then the question stays.
    mutating func take(_ line: String) -> String? {
        guard let question else { return nil }
        var answers = line.split { $0 == " " || $0 == "\t" || $0 == "," }.map(String.init)
        switch question {
        case .listen, .allow: break
        // The name of a file may hold blanks.
        case .certificate, .key, .preset, .upstream: answers = [Self.trimmed(line)].filter { !$0.isEmpty }
        }
        if answers.isEmpty, !question.usual.isEmpty { answers = [question.usual] }
        if question == .preset, answers == ["none"] { answers = [] }
        if question == .allow, answers.isEmpty, configuration.preset == nil {
            return "nobody could connect; name at least one address"
        }
        if let mistake = question.mistake(in: answers) { return mistake }
        question.put(answers, into: &configuration)
        open.removeFirst()
        return nil
    }

    private static func trimmed(_ line: String) -> String {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        let rest = line.drop(while: isBlank)
        return String(rest[..<(rest.lastIndex { !isBlank($0) }.map(rest.index(after:)) ?? rest.startIndex)])
    }
}
