import Testing

@testable import gatekeeperd

@Suite("A name server's answer")
struct NameAnswerTests {
    /// The head of a response with so many questions and answers, and what follows it.
    private static func message(_ questions: UInt8 = 1, _ answers: UInt8, flags: [UInt8] = [0x81, 0x80], _ rest: [UInt8]) -> [UInt8] {
        [0x12, 0x34] + flags + [0, questions, 0, answers, 0, 0, 0, 0] + rest
    }

    private static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    private static func question(_ text: String) -> [UInt8] { name(text) + [1, 1, 0, 1] }

    /// At the question's name, by a pointer.
    private static func record(_ data: [UInt8], type: [UInt8] = [1, 1], kind: [UInt8] = [0, 1], length: Int? = nil) -> [UInt8] {
        let length = length ?? data.count
        return [0xc0, 12] + type + kind + [0, 0, 0x0e, 0x10] + [UInt8(length >> 8), UInt8(length & 0xff)] + data
    }

    private static let issue: [UInt8] = [0, 5] + Array("issueca.example; a=b".utf8)
    private static let whole = message(1, 2, question("a.example") + record(issue) + record([128, 3] + Array("tbsx".utf8)))

    @Test("gives the data of records of the kind that is asked for, whatever else is there")
    func records() {
        let records = NameAnswer.records(257, in: Self.whole)
        #expect(records?.compactMap(CAARecord.init) == [CAARecord("issue", "ca.example; a=b"), CAARecord("tbs", "x", isCritical: true)])
        let alias = Self.record(Self.name("b.example"), type: [0, 5])
        let other = Self.record(Self.issue, kind: [0, 3])
        let mixed = Self.message(1, 3, Self.question("a.example") + alias + other + Self.record(Self.issue))
        #expect(NameAnswer.records(257, in: mixed)?.count == 1)
        #expect(NameAnswer.records(257, in: Self.message(1, 0, Self.question("a.example"))) == [])
        #expect(NameAnswer.records(1, in: Self.whole) == [])
    }

    @Test("cut off anywhere it is none")
    func torn() {
        for length in 0..<Self.whole.count { #expect(NameAnswer.records(257, in: Array(Self.whole.prefix(length))) == nil, "\(length)") }
    }

    @Test(
        "what promises more than it has, is a question, says that it is truncated, or has labels of no known kind is none",
        arguments: [
            message(1, 255, question("a.example") + record(issue)), message(255, 1, question("a.example")),
            message(1, 1, question("a.example") + record(issue, length: 65_535)),
            message(1, 1, flags: [0x01, 0x80], question("a.example") + record(issue)),
            message(1, 1, flags: [0x83, 0x80], question("a.example") + record(issue)),
            message(1, 1, [0x40, 0x41, 0, 1, 1, 0, 1] + record(issue)), message(1, 1, [UInt8](repeating: 63, count: 600)),
        ])
    func hostile(message: [UInt8]) {
        #expect(NameAnswer.records(257, in: message) == nil)
    }

    @Test("a pointer to itself is skipped like any other")
    func pointer() {
        let message = Self.message(0, 1, Self.record(Self.issue))
        #expect(NameAnswer.records(257, in: message)?.count == 1)
    }
}
