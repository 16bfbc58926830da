import Testing

@testable import Gatekeeper

struct BufferTests {
    @Test("bytes come out as they went in, whatever mixture of appends wrote them")
    func appends() {
        let buffer = Buffer(capacity: 64)
        buffer.append("GET ")
        buffer.append(UInt8(ascii: "/"))
        let bytes: [UInt8] = [0, 255, 10]
        buffer.append(bytes.span)
        buffer.append(String(repeating: "é", count: 2))
        #expect(readable(buffer) == Array("GET /".utf8) + [0, 255, 10] + Array("éé".utf8))
        #expect(buffer.count == 12)
        #expect(buffer.room == 52)
        #expect(!buffer.overflowed)
    }

    @Test("an append that doesn't fit writes nothing and is remembered until the buffer is cleared")
    func overflow() {
        let buffer = Buffer(capacity: 4)
        buffer.append("abc")
        buffer.append("de")
        #expect(buffer.overflowed)
        #expect(readable(buffer) == Array("abc".utf8))
        buffer.append("d")
        #expect(readable(buffer) == Array("abcd".utf8))
        buffer.consume(2)
        buffer.compact()
        buffer.rewind(to: 0)
        buffer.restart()
        #expect(buffer.overflowed, "room that came later doesn't complete what was cut")
        buffer.clear()
        #expect(!buffer.overflowed)
        #expect(buffer.isEmpty)
    }

    @Test("every kind of append knows the end of the memory")
    func everyOverflow() {
        let byte: [UInt8] = [1]
        let appends: [(Buffer) -> Void] = [
            { $0.append(UInt8(0)) }, { $0.append(byte.span) }, { $0.append("a" as StaticString) }, { $0.append(String("a")) },
            { $0.append(decimal: 7) }, { $0.append(hexadecimal: 7) },
        ]
        for append in appends {
            let full = Buffer(capacity: 3)
            full.append("abc")
            append(full)
            #expect(full.overflowed)
            #expect(readable(full) == Array("abc".utf8))
        }
        let empty = Buffer(capacity: 0)
        empty.append("")
        let nothing: [UInt8] = []
        empty.append(nothing.span)
        #expect(!empty.overflowed)
    }

    @Test("consuming moves the beginning, restarting takes that back")
    func consume() {
        let buffer = Buffer(capacity: 8)
        buffer.append("abcdef")
        buffer.consume(4)
        #expect(readable(buffer) == Array("ef".utf8))
        #expect(buffer.start == 4)
        #expect(buffer.room == 2, "what was consumed is no room before `compact`")
        buffer.consume(2)
        #expect(buffer.isEmpty)
        buffer.restart()
        #expect(readable(buffer) == Array("abcdef".utf8))
    }

    @Test("rewinding keeps what stands before the mark and frees what stands behind it")
    func rewind() {
        let buffer = Buffer(capacity: 8)
        buffer.append("headbody")
        buffer.consume(6)
        buffer.rewind(to: 4)
        #expect(buffer.isEmpty)
        #expect(buffer.start == 4)
        #expect(buffer.room == 4)
        buffer.append("more")
        #expect(readable(buffer) == Array("more".utf8))
        #expect(array(buffer.bytes) == Array("headmore".utf8))
    }

    @Test("compacting moves what is readable to the front, also where it overlaps itself")
    func compact() {
        let buffer = Buffer(capacity: 8)
        buffer.append("abcdefgh")
        buffer.consume(3)
        buffer.compact()
        #expect(buffer.start == 0)
        #expect(readable(buffer) == Array("defgh".utf8))
        #expect(buffer.room == 3)
        buffer.compact()
        #expect(readable(buffer) == Array("defgh".utf8))
    }

    @Test("a range of the buffer stays valid while bytes are consumed and appended")
    func ranges() {
        let buffer = Buffer(capacity: 16)
        buffer.append("GET /tickets")
        let path = ByteRange(start: 4, count: 8)
        buffer.consume(12)
        buffer.append("abcd")
        #expect(array(buffer.bytes.bytes(path)) == Array("/tickets".utf8))
    }

    @Test("numbers are written as Swift writes them", arguments: [0, 1, 9, 10, 15, 16, 255, 256, 99_999, 1 << 32, 1 << 63, UInt64.max])
    func numbers(value: UInt64) {
        let buffer = Buffer(capacity: 40)
        buffer.append(decimal: value)
        #expect(readable(buffer) == Array(String(value).utf8))
        buffer.clear()
        buffer.append(hexadecimal: value)
        #expect(readable(buffer) == Array(String(value, radix: 16).utf8))
    }

    @Test("agrees with an array through random appends, consumption, compaction and rewinding")
    func oracle() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let buffer = Buffer(capacity: 50)
        var memory: [UInt8] = []
        var start = 0
        var overflowed = false
        for step in 0..<5_000 {
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<6:
                let more = (0..<Int.random(in: 0..<20, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
                buffer.append(more.span)
                if memory.count + more.count > 50 { overflowed = true } else { memory += more }
            case 6..<9:
                let count = Int.random(in: 0...memory.count - start, using: &random)
                buffer.consume(count)
                start += count
            case 9:
                buffer.compact()
                memory.removeFirst(start)
                start = 0
            case 10:
                let mark = Int.random(in: 0...memory.count, using: &random)
                buffer.rewind(to: mark)
                memory.removeLast(memory.count - mark)
                start = mark
            default:
                buffer.clear()
                (memory, start, overflowed) = ([], 0, false)
            }
            let isSame =
                readable(buffer) == Array(memory[start...]) && array(buffer.bytes) == memory && buffer.start == start
                && buffer.end == memory.count && buffer.room == 50 - memory.count && buffer.overflowed == overflowed
            #expect(isSame, "seed \(seed), step \(step)")
            guard isSame else { return }
        }
    }

    private func readable(_ buffer: Buffer) -> [UInt8] { array(buffer.readable) }

    private func array(_ span: Span<UInt8>) -> [UInt8] {
        span.indices.map { span[$0] }
    }
}
