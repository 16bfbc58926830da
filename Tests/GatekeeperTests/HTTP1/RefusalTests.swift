import Testing

@testable import Gatekeeper

@Suite struct RefusalTests {
    @Test("a reason is a word of its own in snake case")
    func reasons() {
        let reasons = Refusal.allCases.map { "\($0.reason)" }
        #expect(Set(reasons).count == reasons.count)
        for reason in reasons {
            #expect(reason.allSatisfy { $0.isLowercase || $0 == "_" || $0.isNumber } && reason.first?.isLetter == true, "\(reason)")
        }
    }

    @Test("a status is one that the interface names", arguments: Refusal.allCases)
    func status(_ refusal: Refusal) {
        #expect([400, 413, 414, 417, 431, 501, 502, 505].contains(refusal.status))
    }

    @Test("a detail is a sentence that needs no escaping in JSON", arguments: Refusal.allCases)
    func detail(_ refusal: Refusal) {
        let detail = "\(refusal.detail)"
        #expect(detail.first?.isUppercase == true && detail.last == ".")
        #expect(detail.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
    }
}
