/// A name and a value of a log line that isn't worth a format of its own.
package struct JournalField: Equatable, Sendable {
    package var name: String
    package var value: Value

    package enum Value: Equatable, Sendable {
        case text(String)
        case number(Int64)
    }

    package init(_ name: String, _ text: String) {
        self.name = name
        value = .text(text)
    }

    package init(_ name: String, _ number: some BinaryInteger) {
        self.name = name
        value = .number(Int64(clamping: number))
    }
}
