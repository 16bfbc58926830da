import Foundation

/// A request or response as it was on the wire: the head's text and the body without its framing.
struct RawMessage: Sendable {
    struct Field: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// The start line and fields with their line ends, and the empty line.
    var head: String
    /// Empty where the reader was told to give it elsewhere.
    var body: [UInt8] = []
    var bodyCount = 0
    var trailers: [Field] = []
    /// Sizes of the chunks as they were framed; empty without chunked framing.
    var chunkCount = 0
    /// Of a request that an upstream read whole: the number of the connection.
    var connection = 0

    var startLine: String { String(head.prefix { $0 != "\r\n" }) }
    var startParts: [String] { startLine.split(separator: " ", maxSplits: 2).map(String.init) }

    /// Of a response; 0 if there is none.
    var status: Int { startParts.count > 1 ? Int(startParts[1]) ?? 0 : 0 }
    /// Of a request.
    var method: String { startParts.first ?? "" }
    var target: String { startParts.count > 1 ? startParts[1] : "" }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON.
    var json: JSONValue { get throws { try JSONValue(parsing: body) } }

    var fields: [Field] { Self.fields(in: head.components(separatedBy: "\r\n").dropFirst()) }

    /// Every value of the fields called `name`, in order.
    func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The value of the only field called `name`; nil with none or several.
    subscript(name: String) -> String? {
        let values = values(name)
        return values.count == 1 ? values[0] : nil
    }

    static func fields(in lines: some Sequence<String>) -> [Field] {
        lines.compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return Field(
                name: String(line[..<colon]),
                value: line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
    }
}
