import Foundation
import Testing

@testable import Gatekeeper

/// A file without a name that a journal writes to and a test reads back, line by line.
final class LogFile: Sendable {
    /// Of those whose lines no test reads: open until the end, as a number that is closed is another test's file in the next moment.
    static let unread = LogFile()

    let descriptor: Int32

    init() {
        var template = Array((NSTemporaryDirectory() + "gatekeeper-log-XXXXXX").utf8CString)
        descriptor = unsafe mkstemp(&template)
        unsafe unlink(template)
    }

    deinit {
        close(descriptor)
    }

    var text: String {
        let size = lseek(descriptor, 0, SEEK_END)
        var bytes = [UInt8](repeating: 0, count: Int(size))
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// Each line as the JSON object that it is.
    func lines() throws -> [[String: Any]] {
        try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
    }
}

extension Journal {
    /// As `finish`, however busy the machine is.
    func finishPatiently() -> Bool { finish(timeoutMilliseconds: 20_000) }
}
