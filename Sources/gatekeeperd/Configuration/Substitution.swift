/// `${NAME}` in values, from the environment.
enum Substitution {
    /// Whether a part of what stands in the file is replaced, so that the value isn't to be shown.
    static func isUsed(in text: String) -> Bool { text.contains("${") }

    static func apply(to text: String, environment: (String) -> String?) throws(ValueMistake) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else { throw ValueMistake("${ is not closed by }") }
            let name = String(rest[start.upperBound..<end])
            guard isName(name) else { throw ValueMistake("\(Quantity.quoted(name)) is not the name of an environment variable") }
            guard let value = environment(name) else { throw ValueMistake("the environment variable \(name) is not set") }
            guard !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
                throw ValueMistake("the environment variable \(name) holds a control character")
            }
            result += rest[..<start.lowerBound] + value
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}
