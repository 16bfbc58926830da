/// One Swift file of the checkout, and what its code names.
struct SwiftFile: Sendable {
    /// From the root (`Sources/Gatekeeper/Base/Runtime/Buffer.swift`).
    let path: String
    let text: String
    /// The text without comments and without what stands in string literals.
    let code: String
    /// Every name and keyword in the code.
    let words: Set<String>
    /// Those that stand by themselves somewhere, and not as a member behind a dot (`Settings.Upstream.Server`).
    let freeWords: Set<String>
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
        var freeWords: Set<String> = []
        for line in code.utf8.split(separator: UInt8(ascii: "\n")) {
            let lineWords = Self.words(of: line)
            words.formUnion(lineWords)
            freeWords.formUnion(Self.freeWords(of: line))
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
        self.freeWords = freeWords
    }

    private static func freeWords(of line: Substring.UTF8View.SubSequence) -> [String] {
        var free: [String] = []
        var rest = line
        while let start = rest.firstIndex(where: isWordByte) {
            let end = rest[start...].firstIndex { !isWordByte($0) } ?? rest.endIndex
            let isMember = start > line.startIndex && line[line.index(before: start)] == UInt8(ascii: ".")
            if !isMember { free.append(String(decoding: rest[start..<end], as: UTF8.self)) }
            rest = rest[end...]
        }
        return free
    }

    private static func words(of line: Substring.UTF8View.SubSequence) -> [String] {
        line.split { !isWordByte($0) }.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"):
            true
        default: byte >= 0x80
        }
    }
}
