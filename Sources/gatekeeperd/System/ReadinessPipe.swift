internal import Gatekeeper
internal import Glibc

/// A pipe by which a process that is to take over says that it serves, and afterwards each time that it serves by something else.
struct ReadinessPipe: ~Copyable {
    let reading: Descriptor
    let writing: Descriptor

    /// Both ends are closed on exec.
    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        // SAFETY: two numbers are written, and there is room for two.
        guard unsafe pipe(&ends) == 0 else { throw SystemError("make a pipe", code: errno) }
        reading = Descriptor(owning: ends[0])
        writing = Descriptor(owning: ends[1])
        for number in ends { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    }

    /// Closes our copy of the end that the other process speaks on, so that its own is the last.
    consuming func forReading() -> Descriptor { reading }

    /// Likewise, for speaking.
    consuming func forWriting() -> Descriptor { writing }

    /// Whether the other side has said something, to be asked when `reading` is readable; false once it has gone without another word.
    static func hasSpoken(_ reading: borrowing Descriptor) -> Bool {
        var bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        // SAFETY: the array outlives the call, and no more is read than it has room for.
        return unsafe read(reading.number, &bytes, bytes.count) > 0
    }

    /// What the other side says before it serves.
    enum Word {
        case serves
        /// A piece of its complaints.
        case text([UInt8])
        /// It has gone without another word.
        case nothing
    }

    private static let serving: UInt8 = 1

    /// To be asked when `reading` is readable.
    static func hear(_ reading: borrowing Descriptor) -> Word {
        var bytes = [UInt8](repeating: 0, count: 4096)
        // SAFETY: as above.
        let count = unsafe read(reading.number, &bytes, bytes.count)
        guard count > 0 else { return .nothing }
        // No complaint holds that byte.
        return bytes.prefix(count).contains(serving) ? .serves : .text(Array(bytes.prefix(count)))
    }

    /// Says it. Never waits: who doesn't listen has enough to read already.
    static func speak(on writing: borrowing Descriptor) {
        var byte = serving
        // SAFETY: one byte, which outlives the call.
        _ = unsafe write(writing.number, &byte, 1)
    }

    /// Takes over an inherited end, which other programs don't get and which nothing waits for.
    static func keep(_ writing: Int32) -> Descriptor {
        _ = fcntl(writing, F_SETFD, FD_CLOEXEC)
        _ = fcntl(writing, F_SETFL, O_NONBLOCK)
        return Descriptor(owning: writing)
    }
}
