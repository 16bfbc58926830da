internal import Glibc

/// Descriptors waited for by the one thread that looks after all of them.
enum Poll {
    /// Waits until one of the sources is readable or at its end, at most `milliseconds` (-1 for as long as it takes); which ones are.
    static func wait<Source: Hashable>(for sources: [Source: Int32], milliseconds: Int32) -> Set<Source> {
        let names = Array(sources.keys)
        var entries = names.map { pollfd(fd: sources[$0] ?? -1, events: Int16(POLLIN), revents: 0) }
        // SAFETY: the array outlives the call, which writes into its elements alone.
        guard unsafe poll(&entries, nfds_t(entries.count), milliseconds) > 0 else { return [] }
        return Set(zip(names, entries).lazy.filter { $0.1.revents != 0 }.map(\.0))
    }

    /// Waits for nothing.
    static func rest(milliseconds: Int32) { _ = poll(nil, 0, milliseconds) }

    /// Likewise for one alone; whether it is.
    static func wait(for descriptor: Int32, milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // SAFETY: likewise.
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}
