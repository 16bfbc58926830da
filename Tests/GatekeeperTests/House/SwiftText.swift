/// Tells Swift's code from its comments and string literals: as much of the grammar as our own files need.
struct SwiftText {
    private let bytes: [UInt8]
    private var index = 0
    private let keepsComments: Bool
    private var code: [UInt8] = []

    /// The same lines without what stands between quotes, and without comments, or (`withComments`) with those that end with their line.
    static func code(of text: String, withComments keepsComments: Bool = false) -> String {
        var reader = SwiftText(text, keepsComments: keepsComments)
        reader.read()
        return String(decoding: reader.code, as: UTF8.self)
    }

    private init(_ text: String, keepsComments: Bool) {
        self.keepsComments = keepsComments
        bytes = Array(text.utf8)
        code.reserveCapacity(bytes.count)
    }

    private mutating func read() {
        while index < bytes.count {
            if isNext("//") {
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
                    if keepsComments { code.append(bytes[index]) }
                    index += 1
                }
            } else if isNext("/*") {
                skip(past: "*/", escape: nil)
            } else if !skipLiteral() {
                code.append(bytes[index])
                index += 1
            }
        }
    }

    /// False when none begins here.
    private mutating func skipLiteral() -> Bool {
        guard bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "#") else { return false }
        let hashes = String(repeating: "#", count: bytes[index...].prefix { $0 == UInt8(ascii: "#") }.count)
        for marks in ["\"\"\"", "\""] where isNext(hashes + marks) {
            index += hashes.utf8.count + marks.utf8.count
            skip(past: marks + hashes, escape: "\\" + hashes)
            code += Array("\"\"".utf8)
            return true
        }
        return false
    }

    /// `escape` stands before a byte that ends nothing.
    private mutating func skip(past end: String, escape: String?) {
        while index < bytes.count, !isNext(end) {
            if bytes[index] == UInt8(ascii: "\n") { code.append(bytes[index]) }
            if let escape, isNext(escape) { index += escape.utf8.count }
            index += 1
        }
        index += end.utf8.count
    }

    private func isNext(_ text: String) -> Bool {
        guard text.utf8.first == bytes[index], index + text.utf8.count <= bytes.count else { return false }
        return text.utf8.elementsEqual(bytes[index..<index + text.utf8.count])
    }
}
