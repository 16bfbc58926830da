/// What the entries of the allow-list have brought since the start, as one worker has seen it, and how many were denied.
///
/// A few additions per connection and none per request. As many entries are known as are on the list or have connections open; of others the
/// sums remain.
struct SourceTally: Sendable {
    private(set) var denied: UInt64 = 0
    private(set) var usage: [AddressPrefix: SourceUsage] = [:]
    /// Of entries that aren't known any more.
    private var past = SourceUsage()
    /// Entries that left the list while connections of theirs were open.
    private var leaving: Set<AddressPrefix> = []

    /// Since the start.
    var admitted: UInt64 { usage.values.reduce(past.admitted) { $0 + $1.admitted } }
    var requests: UInt64 { usage.values.reduce(past.requests) { $0 + $1.requests } }

    mutating func admitted(by source: AddressPrefix, wallMilliseconds: Int64) {
        usage[source, default: SourceUsage()].begin(wallMilliseconds)
    }

    mutating func ended(_ source: AddressPrefix, requests: Int, wallMilliseconds: Int64) {
        usage[source]?.end(requests, wallMilliseconds)
        if leaving.contains(source) { forgetIfOver(source) }
    }

    /// Another list is in force: entries that aren't on it are forgotten with their last connection.
    mutating func keep(_ isListed: (AddressPrefix) -> Bool) {
        leaving = Set(usage.keys.filter { !isListed($0) })
        for source in leaving { forgetIfOver(source) }
    }

    private mutating func forgetIfOver(_ source: AddressPrefix) {
        guard let usage = usage[source], usage.openConnections == 0 else { return }
        past.add(usage)
        self.usage[source] = nil
        leaving.remove(source)
    }

    mutating func deny() { denied += 1 }

    /// Requests of a connection that goes on.
    mutating func running(_ source: AddressPrefix, requests: Int) {
        usage[source]?.requests += UInt64(requests)
    }

    mutating func add(_ other: SourceTally) {
        denied += other.denied
        past.add(other.past)
        for (source, usage) in other.usage { self.usage[source, default: SourceUsage()].add(usage) }
    }
}

/// What one entry of the allow-list has brought since the start, or since it came back to the list.
public struct SourceUsage: Sendable, Equatable {
    public internal(set) var openConnections = 0
    public internal(set) var admitted: UInt64 = 0
    public internal(set) var requests: UInt64 = 0
    /// When a connection last began or ended, in milliseconds since 1970.
    public internal(set) var lastSeenMilliseconds: Int64 = 0

    fileprivate mutating func begin(_ wallMilliseconds: Int64) {
        openConnections += 1
        admitted += 1
        lastSeenMilliseconds = wallMilliseconds
    }

    fileprivate mutating func end(_ requests: Int, _ wallMilliseconds: Int64) {
        openConnections -= 1
        self.requests += UInt64(requests)
        lastSeenMilliseconds = wallMilliseconds
    }

    fileprivate mutating func add(_ other: SourceUsage) {
        openConnections += other.openConnections
        admitted += other.admitted
        requests += other.requests
        lastSeenMilliseconds = max(lastSeenMilliseconds, other.lastSeenMilliseconds)
    }
}
