internal import Gatekeeper
internal import Glibc

/// A pipe by which a process that is to take over says that it serves.
struct ReadinessPipe: ~Copyable {
    let reading: Descriptor
    let writing: Descriptor

    /// Both ends are closed on exec.
    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw SystemError("make a pipe", code: errno) }
        reading = Descriptor(owning: ends[0])
        writing = Descriptor(owning: ends[1])
        for number in ends { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    }

    /// Closes our copy of the end that the other process speaks on, so that its own is the last.
    consuming func forReading() -> Descriptor { reading }

    /// Whether the other side has said so, to be asked when `reading` is readable; false once it has gone without a word.
    static func hasSpoken(_ reading: borrowing Descriptor) -> Bool {
        var byte: UInt8 = 0
        return unsafe read(reading.number, &byte, 1) == 1
    }

    /// Says it on an end that was inherited, and closes that.
    static func speak(on writing: Int32) {
        var byte: UInt8 = 1
        _ = unsafe write(writing, &byte, 1)
        _ = close(writing)
    }

    /// Keeps an inherited end from other programs.
    static func keep(_ writing: Int32) {
        _ = fcntl(writing, F_SETFD, FD_CLOEXEC)
    }
}
