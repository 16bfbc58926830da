import Testing

struct SwiftFileTests {
    @Test("finds what a file imports, however that is written")
    func imports() {
        let file = SwiftFile(
            path: "", text: "import A\ninternal import B  // import C\n@testable import D\nimport struct E.F\nlet s = \"import G\"\n")
        #expect(file.imports == ["A", "B", "D", "E"])
    }

    @Test("finds declared types, and which of them others can name")
    func types() {
        let text = """
            @safe final class A: B {
                enum C { case d }
            }
            private struct E {}
            package indirect enum F {}
            func f(_ value: some P) -> G { "struct H" }  // struct I
            extension J { struct K {} }
            """
        let file = SwiftFile(path: "", text: text)
        #expect(file.types == ["A", "C", "E", "F", "K"])
        #expect(file.topLevelTypes.isSuperset(of: ["A", "F"]))
        #expect(file.topLevelTypes.isDisjoint(with: ["C", "E"]))
    }

    @Test("words are whole words, and those of comments and literals don't count")
    func words() {
        let file = SwiftFile(path: "", text: "let socket: SocketAddress  // Socket\nlet text = \"Waiter\"\nunsafe pointee.x_y()\n")
        #expect(file.words == ["let", "socket", "SocketAddress", "text", "unsafe", "pointee", "x_y"])
    }
}
