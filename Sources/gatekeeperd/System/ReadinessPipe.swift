internal import Gatekeeper
internal import Glibc

/// A pipe by which a process that is to take over says that it serves, and afterwards each time that it serves by something else.
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

    /// Whether the other side has said something, to be asked when `reading` is readable; false once it has gone without another word.
    static func hasSpoken(_ reading: borrowing Descriptor) -> Bool {
        var bytes: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
        return unsafe read(reading.number, &bytes, bytes.count) > 0
    }

    /// Says it. Never waits: who doesn't listen has enough to read already.
    static func speak(on writing: borrowing Descriptor) {
        var byte: UInt8 = 1
        _ = unsafe write(writing.number, &byte, 1)
    }

    /// Takes over an inherited end, which other programs don't get and which nothing waits for.
    static func keep(_ writing: Int32) -> Descriptor {
        _ = fcntl(writing, F_SETFD, FD_CLOEXEC)
        _ = fcntl(writing, F_SETFL, O_NONBLOCK)
        return Descriptor(owning: writing)
    }
}
