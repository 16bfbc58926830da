/// What a statement's `?` stands for.
enum SQLValue {
    case number(Int64)
    case text(String)
    case null

    static func number(_ number: Int64?) -> SQLValue { number.map { .number($0) } ?? .null }
    static func text(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
}
