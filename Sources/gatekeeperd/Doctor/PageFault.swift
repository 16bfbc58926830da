/// What a page says of its program in place of its content: PHP sends that with `200`, so that clients take it for an answer.
enum PageFault: Equatable, Sendable {
    /// The program has failed.
    case error
    /// It wasn't run, and everybody reads its source.
    case source

    init?(_ body: [UInt8]) {
        let text = String(decoding: body, as: UTF8.self).lowercased()
        if text.drop(while: \.isWhitespace).hasPrefix("<?php") {
            self = .source
        } else if Self.marks.contains(where: text.contains) || !text.contains("<html") && Self.namesException(text) {
            self = .error
        } else {
            return nil
        }
    }

    private static let marks = ["<b>fatal error</b>", "<b>parse error</b>"]

    /// As `Uncaught mysqli_sql_exception:`. A whole page may have that in an article; where an error stands alone, it is one.
    private static func namesException(_ text: String) -> Bool {
        text.ranges(of: "uncaught ").contains { range in
            let name = text[range.upperBound...].prefix { $0.isLetter || $0.isNumber || "_\\".contains($0) }
            return name.hasSuffix("exception") || name.hasSuffix("error")
        }
    }
}
