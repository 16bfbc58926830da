import Testing

@testable import gatekeeperd

@Suite("Substitution")
struct SubstitutionTests {
    private let environment = ["DIR": "/run/credentials", "EMPTY": "", "_x1": "y", "EVIL": "a\nb", "NESTED": "${DIR}"]

    @Test(
        "variables are replaced once, the rest stays",
        arguments: [
            ("${DIR}/key.pem", "/run/credentials/key.pem"), ("a${_x1}b${_x1}", "ayby"), ("${EMPTY}", ""), ("$DIR", "$DIR"),
            ("}${_x1}{", "}y{"),
            ("${NESTED}", "${DIR}"), ("", ""),
        ])
    func replaced(_ text: String, result: String) throws {
        #expect(try Substitution.apply(to: text) { environment[$0] } == result)
    }

    @Test("what can't be replaced is refused", arguments: ["${MISSING}", "${", "${DIR", "${}", "${1A}", "${A B}", "${EVIL}", "${ä}"])
    func refused(_ text: String) {
        #expect(throws: ValueMistake.self) { try Substitution.apply(to: text) { environment[$0] } }
    }
}
