internal import Gatekeeper

/// The requests of an access log, judged by a configuration: how many of each judgement, and those that would be refused.
///
/// Takes the log line by line and keeps counts, so that a log of any size takes no more memory than `shownMax` of its requests.
struct Replay {
    /// Refused requests that are told apart; those beyond are counted.
    static let shownMax = 1_000
    static let linesShown = 100
    /// What one line may have.
    static let lineBytesMax = 64 << 10

    struct Refused: Hashable {
        var judgement: String
        var peer: String
        var method: String
        /// Without its query, which may hold a key.
        var path: String
    }

    private(set) var counts: [String: Int] = [:]
    private(set) var refused: [Refused: Int] = [:]
    private(set) var refusedBeyond = 0
    private(set) var otherLines = 0
    private(set) var unreadable = 0
    /// The number of the first line that couldn't be read.
    private(set) var firstUnreadable: Int?

    private var line: [UInt8] = []
    private var lineNumber = 1
    private var isOverlong = false
    private let judge: (Question) -> Judgement

    /// What would become of a request.
    struct Judgement: Equatable {
        var word: String
        var isRefused: Bool
    }

    init(judge: @escaping (Question) -> Judgement) {
        self.judge = judge
    }

    /// The next bytes of the log.
    mutating func take(_ bytes: some Collection<UInt8>) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                endLine()
            } else if line.count < Self.lineBytesMax {
                line.append(byte)
            } else {
                isOverlong = true
            }
        }
    }

    /// The log is over.
    mutating func finish() {
        if !line.isEmpty { endLine() }
    }

    private mutating func endLine() {
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        judgeLine()
        line.removeAll(keepingCapacity: true)
        isOverlong = false
        lineNumber += 1
    }

    private mutating func judgeLine() {
        switch isOverlong ? .unreadable : LoggedRequest.read(line) {
        case .other: otherLines += 1
        case .unreadable: noteUnreadable()
        case .request(let request):
            guard let question = try? Question(address: request.peer, method: request.method, url: request.target) else {
                return noteUnreadable()
            }
            let judgement = judge(question)
            counts[judgement.word, default: 0] += 1
            guard judgement.isRefused else { return }
            let key = Refused(
                judgement: judgement.word, peer: request.peer, method: request.method,
                path: String(request.target.prefix { $0 != "?" }))
            if refused[key] != nil || refused.count < Self.shownMax { refused[key, default: 0] += 1 } else { refusedBeyond += 1 }
        }
    }

    private mutating func noteUnreadable() {
        unreadable += 1
        if firstUnreadable == nil { firstUnreadable = lineNumber }
    }

    // MARK: What is told

    var isNothingRefused: Bool { refused.isEmpty }
    var isEmpty: Bool { counts.isEmpty }

    private var listed: [(key: Refused, value: Int)] {
        refused.sorted { ($1.value, $0.key.path, $0.key.peer, $0.key.method) < ($0.value, $1.key.path, $1.key.peer, $1.key.method) }
    }

    var text: String {
        var lines = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value)  \($0.key)" }
        if lines.isEmpty { lines.append("no requests in it") }
        let listed = listed
        if !listed.isEmpty { lines += ["", "refused"] }
        lines += listed.prefix(Self.linesShown).map { key, count in
            "  \(count)  \(VisibleText.of("\(key.method) \(key.path)")) from \(key.peer): \(key.judgement)"
        }
        let rest = listed.dropFirst(Self.linesShown).reduce(refusedBeyond) { $0 + $1.value }
        if rest > 0 { lines.append("  … and \(Quantity.counted(rest, "request")) more") }
        if let unreadableText { lines += ["", unreadableText] }
        return lines.joined(separator: "\n")
    }

    private var unreadableText: String? {
        guard let firstUnreadable else { return nil }
        return "\(Quantity.counted(unreadable, "line")) couldn't be read; the first is line \(firstUnreadable)"
    }

    var json: JSON {
        .object(
            of: (
                "judgements", .object(of: counts.sorted { $0.key < $1.key }.map { (name: $0.key, value: Optional(JSON.number($0.value))) })
            ),
            (
                "refused",
                .array(
                    listed.map { key, count in
                        .object(
                            of: ("method", .string(key.method)), ("path", .string(key.path)), ("peer", .string(key.peer)),
                            ("judgement", .string(key.judgement)), ("count", .number(count)))
                    })
            ), ("refused_more", .number(refusedBeyond)), ("other_lines", .number(otherLines)), ("unreadable", .number(unreadable)),
            ("first_unreadable", firstUnreadable.map { .number($0) }))
    }
}

extension Replay.Judgement {
    init(_ explanation: Explanation) {
        switch explanation.verdict {
        case .admitted where explanation.isShadowed: self.init(word: "admitted, would be refused (shadow)", isRefused: true)
        case .admitted: self.init(word: "admitted", isRefused: false)
        case .denied(let reason): self.init(word: "denied \(reason)", isRefused: true)
        case .refused(let status?, let reason): self.init(word: "refused \(status) \(reason)", isRefused: true)
        case .refused(nil, let reason): self.init(word: "refused \(reason)", isRefused: true)
        }
    }
}
