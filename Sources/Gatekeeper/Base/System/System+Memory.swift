internal import CLinux
internal import Glibc

extension System {
    /// Zeroed memory of its own pages; nil when there is none.
    @unsafe static func mapMemory(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
        // SAFETY: pages that nobody else has; whoever gets them gives them to `unmapMemory` once.
        guard let memory = unsafe mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            unsafe memory != MAP_FAILED
        else { return nil }
        return unsafe memory.bindMemory(to: UInt8.self, capacity: count)
    }

    @unsafe static func unmapMemory(_ memory: UnsafeMutablePointer<UInt8>, _ count: Int) {
        unsafe munmap(memory, count)
    }

    /// Has the allocator give back to the system what it holds and nobody uses. Takes milliseconds where that is much.
    static func returnFreeMemory() {
        malloc_trim(0)
    }
}
