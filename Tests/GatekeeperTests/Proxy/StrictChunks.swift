/// A chunked body read by the letter of RFC 9112 §7.1, without extensions: what a recipient that forgives nothing makes of our output.
struct StrictChunks: Equatable {
    var data: [UInt8] = []
    /// The lines of the trailer section.
    var trailers: [String] = []

    /// Nil when the bytes aren't exactly one body.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while true {
            guard let line = Self.line(&rest), let first = line.first, first != UInt8(ascii: "0") || line.count == 1 else { return nil }
            let text = String(decoding: line, as: UTF8.self)
            guard text.allSatisfy({ $0.isASCII && $0.isHexDigit }), let size = Int(text, radix: 16) else { return nil }
            if size == 0 { break }
            guard rest.count >= size + 2, rest.dropFirst(size).starts(with: [13, 10]) else { return nil }
            data += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        while let line = Self.line(&rest) {
            if line.isEmpty {
                guard rest.isEmpty else { return nil }
                return
            }
            trailers.append(String(decoding: line, as: UTF8.self))
        }
        return nil
    }

    /// The next line without its end, nil when none ends.
    private static func line(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard let feed = rest.firstIndex(of: 10), feed > rest.startIndex, rest[feed - 1] == 13 else { return nil }
        let line = Array(rest[rest.startIndex..<feed - 1])
        guard !line.contains(13) else { return nil }
        rest = rest[(feed + 1)...]
        return line
    }
}
