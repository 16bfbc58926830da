/// A set of known fields: one bit each, so that asking whether a field is dropped is a shift and a mask.
package struct KnownFieldSet: OptionSet, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    @inline(always)
    init(_ field: KnownField) {
        rawValue = 1 << UInt64(field.rawValue)
    }

    @inline(always)
    func contains(_ field: KnownField) -> Bool {
        rawValue >> UInt64(field.rawValue) & 1 == 1
    }

    /// The set of these fields; folded to a constant.
    @inline(always)
    static func of(_ fields: KnownField...) -> KnownFieldSet {
        var set: KnownFieldSet = []
        for field in fields { set.formUnion(KnownFieldSet(field)) }
        return set
    }
}
