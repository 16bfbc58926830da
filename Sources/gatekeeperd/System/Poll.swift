internal import Glibc

/// Several descriptors waited for at once, by the one thread that looks after all of them.
enum Poll {
    /// Waits until one of them is readable or at its end, at most `milliseconds` (-1 for as long as it takes); which ones are. A nil stands for
    /// something that isn't there at the moment.
    static func wait(for descriptors: [Int32?], milliseconds: Int32) -> [Bool] {
        // poll(2) passes over negative numbers.
        var entries = descriptors.map { pollfd(fd: $0 ?? -1, events: Int16(POLLIN), revents: 0) }
        // SAFETY: the array outlives the call, which writes into its elements alone.
        let count = unsafe poll(&entries, nfds_t(entries.count), milliseconds)
        return entries.map { count > 0 && $0.revents != 0 }
    }
}
