import Foundation
import Testing

@testable import Gatekeeper

struct JournalOutputTests {
    @Test("lines lost on a full disk are counted in the first line that gets there")
    func fullDisk() throws {
        let descriptor = unsafe open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var output = JournalOutput(descriptor: descriptor)
        for _ in 0..<3 { line(&output) }
        output.flush { false }
        #expect(output.dropped == 3)
        line(&output)
        output.flush { false }
        #expect(output.dropped == 4)
        #expect(output.droppedInAll == 4)

        let file = LogFile()
        dup2(file.descriptor, descriptor)
        line(&output)
        line(&output)
        output.flush { false }
        #expect(output.dropped == 0)
        #expect(output.droppedInAll == 4)
        let lines = try file.lines()
        #expect(lines.map { $0["dropped"] as? Int } == [4, nil])
    }

    @Test("a loss is told by itself as soon as there is room, and trying costs nothing")
    func retry() throws {
        let descriptor = unsafe open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        var output = JournalOutput(descriptor: descriptor)
        for _ in 0..<3 { line(&output) }
        output.flush { false }
        #expect(output.failure == "No space left on device")
        for _ in 0..<5 { output.reportLoss(wallMilliseconds: 0) }
        #expect(output.dropped == 3 && output.droppedInAll == 3 && output.failure != nil)
        let file = LogFile()
        dup2(file.descriptor, descriptor)
        output.reportLoss(wallMilliseconds: 0)
        output.reportLoss(wallMilliseconds: 0)
        #expect(output.dropped == 0 && output.failure == nil)
        let lines = try file.lines()
        #expect(lines.map { $0["event"] as? String } == ["dropped"] && lines.map { $0["dropped"] as? Int } == [3])
    }

    @Test("a pipe whose reader has gone costs lines, not the process")
    func brokenPipe() {
        signal(SIGPIPE, SIG_IGN)
        let pipe = LogPipe()
        defer { pipe.close() }
        pipe.closeReader()
        var output = JournalOutput(descriptor: pipe.writer)
        line(&output)
        output.flush { false }
        #expect(output.dropped == 1 && output.failure == "whoever read the log has ended")
    }

    @Test("a line torn by a reader that stopped is ended before the next one, and counted")
    func tornLine() throws {
        let pipe = LogPipe()
        defer { pipe.close() }
        _ = fcntl(pipe.writer, F_SETFL, O_NONBLOCK)
        var output = JournalOutput(descriptor: pipe.writer)
        let sent = 5_000
        for _ in 0..<sent { line(&output, givesUp: { true }) }
        output.flush { true }
        #expect(output.dropped > 0)

        var read = drain(pipe.reader)
        line(&output)
        output.flush { false }
        read += drain(pipe.reader)
        let lines = String(decoding: read, as: UTF8.self).split(separator: "\n")
        let whole = lines.compactMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        #expect(lines.count - whole.count <= 1)
        #expect(whole.last?["dropped"] as? Int == sent + 1 - whole.count)
    }

    private func line(_ output: inout JournalOutput, givesUp: () -> Bool = { false }) {
        let line = output.begin("test", .notice, wallMilliseconds: 0)
        line.number("number", 1)
        output.end(line, givesUp: givesUp)
    }

    private func drain(_ descriptor: Int32) -> [UInt8] {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(descriptor, &bytes, bytes.count)
            guard count > 0 else { return all }
            all += bytes.prefix(count)
        }
    }
}
