import Testing

struct SwiftTextTests {
    @Test(
        "comments and literals go, code and lines stay",
        arguments: [
            ("let a = 1  // unsafe\nlet b", "let a = 1  \nlet b"),
            ("/// `Socket`\nstruct A", "\nstruct A"),
            ("a /* Socket\n */ b", "a \n b"),
            ("a(\"Socket // \\\" x\") // y", "a(\"\") "),
            ("#\"Sock\"et\"# + b", "\"\" + b"),
            ("#\"a\\\"# + b", "\"\" + b"),
            ("\"\"\"\nSocket \"x\"\n\"\"\" + b", "\n\n\"\" + b"),
        ])
    func strips(text: String, code: String) {
        #expect(SwiftText.code(of: text) == code)
    }
}
