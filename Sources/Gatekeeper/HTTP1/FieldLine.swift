/// One field line: a name, a colon at once behind it, and a value between optional blanks (RFC 9112 §5).
enum FieldLine {
    /// Takes the line apart and adds it to the table. The line comes from a `LineScanner`: its value holds no control character but tab
    /// already, and it doesn't begin with a blank.
    @discardableResult
    static func parse(
        _ bytes: Span<UInt8>, _ line: Range<Int>, fieldsMax: Int, into fields: inout FieldTable
    ) throws(Refusal) -> KnownField {
        guard fields.count < fieldsMax else { throw .fieldsTooMany }
        let end = line.upperBound
        var index = ByteScan.endOfName(in: bytes, from: line.lowerBound, to: end)
        let regularEnd = index
        var hasOnlyUnderscores = true
        while index < end, ByteClass.token.contains(bytes[index]) {
            hasOnlyUnderscores = hasOnlyUnderscores && (bytes[index] == UInt8(ascii: "_") || ByteClass.regularName.contains(bytes[index]))
            index &+= 1
        }
        guard index < end, bytes[index] == UInt8(ascii: ":") else { throw refusal(bytes, line, at: index) }
        guard index > line.lowerBound else { throw .fieldNameEmpty }
        let name = ByteRange(start: line.lowerBound, count: index &- line.lowerBound)

        var first = index &+ 1
        while first < end, ByteScan.isBlank(bytes[first]) { first &+= 1 }
        var last = end
        while last > first, ByteScan.isBlank(bytes[last &- 1]) { last &-= 1 }
        let isCanonical = last == end && first == index &+ 2 && bytes[index &+ 1] == ByteScan.space

        let text = FoldedText(bytes, name)
        let isRegular = regularEnd == index
        let known = isRegular ? fields.names.field(text) : fields.names.irregular(text, hasOnlyUnderscores: hasOnlyUnderscores)
        let value = ByteRange(start: first, count: last &- first)
        fields.append(FieldTable.Entry(name: name, value: value, known: known, isCanonical: isCanonical))
        return known
    }

    /// What is wrong with a line whose name ends at `index` but not with a colon.
    private static func refusal(_ bytes: Span<UInt8>, _ line: Range<Int>, at index: Int) -> Refusal {
        var next = index
        while next < line.upperBound, ByteScan.isBlank(bytes[next]) { next &+= 1 }
        if next < line.upperBound, bytes[next] == UInt8(ascii: ":") { return .spaceBeforeColon }
        while next < line.upperBound, bytes[next] != UInt8(ascii: ":") { next &+= 1 }
        return next < line.upperBound ? .fieldNameInvalid : .colonMissing
    }
}
