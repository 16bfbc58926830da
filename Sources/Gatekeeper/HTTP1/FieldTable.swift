/// The fields of one head in the order they came, as offsets into the bytes they were parsed from.
///
/// Owned by the caller and used again for every message: after the first few, parsing a head allocates nothing.
package struct FieldTable {
    package struct Entry: Sendable {
        package var name: ByteRange
        /// Without the blanks around it; may be empty.
        package var value: ByteRange
        package var known: KnownField
        /// The line is `name: value CRLF` with exactly one space and may be copied as it stands.
        package var isCanonical: Bool
        /// Named by `Connection`, and so meant for us and nobody behind us (RFC 9110 §7.6.1).
        package var isNominated = false

        /// Everything from the name through the CRLF of a canonical line.
        var lineEnd: Int { Int(value.start) &+ Int(value.count) &+ 2 }
    }

    package private(set) var entries: [Entry] = []
    /// Which known fields are there, and which of them more than once.
    private(set) var present: KnownFieldSet = []
    private(set) var repeated: KnownFieldSet = []

    /// Kept here so that parsing a field doesn't reach for a global.
    let names = KnownFieldNames.shared

    package init() {}

    package var count: Int { entries.count }

    package mutating func removeAll(keepingCapacity: Bool = true) {
        entries.removeAll(keepingCapacity: keepingCapacity)
        present = []
        repeated = []
    }

    package func contains(_ field: KnownField) -> Bool { present.contains(field) }

    package func isRepeated(_ field: KnownField) -> Bool { repeated.contains(field) }

    /// The first field of this kind; costs nothing when there is none.
    package func first(_ field: KnownField) -> Entry? {
        guard present.contains(field) else { return nil }
        for index in entries.indices where entries[index].known == field { return entries[index] }
        return nil
    }

    mutating func append(_ entry: Entry) {
        let bit = KnownFieldSet(entry.known)
        repeated.formUnion(present.intersection(bit))
        present.formUnion(bit)
        entries.append(entry)
    }

    /// Takes the last one back; `present` and `repeated` go on telling that it came.
    mutating func removeLast() {
        entries.removeLast()
    }

    mutating func nominate(_ index: Int) {
        entries[index].isNominated = true
    }
}
