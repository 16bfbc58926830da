/// One Swift file of the checkout, and what its code names.
struct SwiftFile: Sendable {
    /// From the root (`Sources/Gatekeeper/Worker/Buffer.swift`).
    let path: String
    let text: String
    /// The text without comments and without what stands in string literals.
    let code: String
    /// Every name and keyword in the code.
    let words: Set<String>
    private(set) var imports: Set<String> = []
    /// Types declared in it, nested ones included.
    private(set) var types: Set<String> = []
    /// Types that other files can name by themselves: declared at the margin, and not private.
    private(set) var topLevelTypes: Set<String> = []

    private static let declaring: Set<String> = ["class", "struct", "enum", "actor", "protocol", "typealias"]
    private static let kinds = declaring.union(["func", "let", "var"])

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = SwiftText.code(of: text)
        var words: Set<String> = []
        for line in code.utf8.split(separator: UInt8(ascii: "\n")) {
            let lineWords = Self.words(of: line)
            words.formUnion(lineWords)
            for (word, next) in zip(lineWords, lineWords.dropFirst()) where Self.declaring.contains(word) {
                guard next.first?.isUppercase == true else { continue }
                types.insert(next)
                let isPrivate = lineWords.contains("private") || lineWords.contains("fileprivate")
                if line.first != UInt8(ascii: " "), !isPrivate { topLevelTypes.insert(next) }
            }
            if let index = lineWords.firstIndex(of: "import") {
                imports.formUnion(lineWords[(index + 1)...].drop(while: Self.kinds.contains).prefix(1))
            }
        }
        self.words = words
    }

    private static func words(of line: Substring.UTF8View.SubSequence) -> [String] {
        line.split { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"):
                false
            default: byte < 0x80
            }
        }.map { String(decoding: $0, as: UTF8.self) }
    }
}
