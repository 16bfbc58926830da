import Foundation
import Testing

@testable import Gatekeeper

@Suite("Priorities for journald")
struct JournalStreamTests {
    @Test("lines on journald's stream begin with their priority, in both formats", arguments: [Settings.Log.Format.json, .text])
    func marked(format: Settings.Log.Format) throws {
        let pipe = LogPipe()
        defer { pipe.close() }
        var output = JournalOutput(descriptor: pipe.writer, stream: try stream(of: pipe.writer))
        output.write(as: format, toSyslog: nil)
        output.end(output.begin("reload_failed", .error, wallMilliseconds: 0)) { true }
        output.end(output.begin("request", .information, wallMilliseconds: 0)) { true }
        output.flush { true }
        let lines = try read(pipe.reader)
        let begin = format == .json ? "{\"time\":" : "1970-"
        #expect(lines.map { $0.prefix(3 + begin.count) } == ["<3>\(begin)", "<6>\(begin)"])
    }

    @Test("output that goes elsewhere than the stream that we were started with isn't marked")
    func elsewhere() throws {
        let (pipe, other) = (LogPipe(), LogPipe())
        defer {
            pipe.close()
            other.close()
        }
        var output = JournalOutput(descriptor: pipe.writer, stream: try stream(of: other.writer))
        output.write(as: .json, toSyslog: nil)
        output.end(output.begin("request", .information, wallMilliseconds: 0)) { true }
        output.flush { true }
        #expect(try read(pipe.reader).allSatisfy { $0.hasPrefix("{") })
    }

    @Test("a descriptor that becomes another file is looked at again")
    func replaced() throws {
        let (pipe, other) = (LogPipe(), LogPipe())
        defer {
            pipe.close()
            other.close()
        }
        var output = JournalOutput(descriptor: pipe.writer, stream: try stream(of: pipe.writer))
        for reader in [pipe.reader, other.reader] {
            output.write(as: .json, toSyslog: nil)
            output.end(output.begin("request", .information, wallMilliseconds: 0)) { true }
            output.flush { true }
            #expect(try read(reader).map { $0.hasPrefix("<6>") } == [reader == pipe.reader])
            #expect(dup2(other.writer, pipe.writer) == pipe.writer)
        }
    }

    @Test("what isn't DEVICE:INODE is no stream", arguments: ["", ":", "1", "1:", ":1", "1:2:3", "-1:2", "0x1:2", " 1:2", "1:a"])
    func malformed(text: String) {
        #expect(JournalStream(text) == nil)
    }

    private func stream(of descriptor: Int32) throws -> JournalStream {
        var status = stat()
        try #require(unsafe fstat(descriptor, &status) == 0)
        return try #require(JournalStream("\(status.st_dev):\(status.st_ino)"))
    }

    private func read(_ descriptor: Int32) throws -> [String] {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        try #require(count > 0)
        return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
