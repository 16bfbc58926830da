/// Bytes on their way: put in behind, taken off in front.
struct ByteQueue {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ more: some Collection<UInt8>) {
        bytes.append(contentsOf: more)
    }

    /// The first so many, which stay.
    func peek(_ count: Int) -> ArraySlice<UInt8> { bytes[start..<start + min(count, self.count)] }

    mutating func take(_ count: Int) -> [UInt8] {
        let taken = Array(peek(count))
        start += taken.count
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            start = 0
        } else if start > 64 << 10 {
            bytes.removeFirst(start)
            start = 0
        }
        return taken
    }

    mutating func clear() {
        bytes = []
        start = 0
    }
}
