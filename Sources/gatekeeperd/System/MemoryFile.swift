internal import CLinux
internal import Gatekeeper
internal import Glibc

/// A file in memory, of a size that stays, by which one process leaves something to the next: it is gone with the last that has it open.
final class MemoryFile: Sendable {
    private let descriptor: Descriptor
    private let byteCount: Int

    var number: Int32 { descriptor.number }

    /// An empty one, closed on exec.
    init(byteCount: Int) throws(SystemError) {
        // SAFETY: the literal outlives the call.
        let number = unsafe clinux_memory_file("gatekeeper-history")
        guard number >= 0 else { throw SystemError("make a file in memory", code: errno) }
        descriptor = Descriptor(owning: number)
        self.byteCount = byteCount
        guard ftruncate(number, off_t(byteCount)) == 0, clinux_fix_size(number) == 0 else {
            throw SystemError("size a file in memory", code: errno)
        }
    }

    /// Takes over an inherited one; nil, and nothing is touched, for a number that is anything else.
    init?(inherited number: Int32, byteCount: Int) {
        var facts = stat()
        // SAFETY: writes one local structure.
        guard clinux_is_size_fixed(number) != 0, unsafe fstat(number, &facts) == 0, facts.st_size == off_t(byteCount) else { return nil }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        descriptor = Descriptor(owning: number)
        self.byteCount = byteCount
    }

    /// False when not all of it was written. Whoever reads meanwhile may see a part of it.
    func write(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == byteCount else { return false }
        // SAFETY: the array outlives the call, and no more than it has is read.
        return unsafe pwrite(descriptor.number, bytes, bytes.count, 0) == bytes.count
    }

    /// Everything; empty when it can't be read.
    func read() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: byteCount)
        // SAFETY: the array outlives the call, and no more is read than it has room for.
        return unsafe pread(descriptor.number, &bytes, bytes.count, 0) == bytes.count ? bytes : []
    }
}
