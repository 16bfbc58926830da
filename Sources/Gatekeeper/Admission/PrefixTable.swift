/// From a prefix to its index in a list: one open-addressing table for every length, so that a lookup is one probe per distinct length.
///
/// ```
///   slots      ┌────────────────────────┬──────────────────┐   a power of two, at most half full,
///              │ upper half of the hash │ key's index + 1  │   so an empty slot (0) always ends a search
///              └────────────────────────┴──────────────────┘
///   keys       the prefixes in the order of the list; read only when the upper half agrees
/// ```
///
/// An exact address is a prefix of length 128 and nothing special. A stranger is turned away by looking at eight bytes per length in use.
struct PrefixTable: Sendable {
    private let slots: ContiguousArray<UInt64>
    private let keys: ContiguousArray<AddressPrefix>
    /// Lengths in use, longest first, each family with its own: an IPv4 peer is never compared with an IPv6 network that spans
    /// `::ffff:0:0/96`.
    private let ipv4Lengths: ContiguousArray<UInt8>
    private let ipv6Lengths: ContiguousArray<UInt8>
    private let hash: AddressHash

    /// Of equal prefixes the first wins.
    init(_ prefixes: some Collection<AddressPrefix>, hash: AddressHash = .random()) {
        precondition(prefixes.count < Int(UInt32.max))
        keys = ContiguousArray(prefixes)
        ipv4Lengths = Self.lengths(of: keys.lazy.filter(\.isIPv4))
        ipv6Lengths = Self.lengths(of: keys.lazy.filter { !$0.isIPv4 })
        self.hash = hash

        var slotCount = 8
        while slotCount < keys.count * 2 { slotCount *= 2 }
        var slots = ContiguousArray<UInt64>(repeating: 0, count: slotCount)
        for (number, key) in keys.enumerated() {
            let value = hash.value(key.address, length: key.length)
            var index = Int(truncatingIfNeeded: value) & (slotCount - 1)
            var isKnown = false
            while slots[index] != 0, !isKnown {
                isKnown = keys[Self.keyIndex(slots[index])] == key
                index = (index + 1) & (slotCount - 1)
            }
            if !isKnown { slots[index] = value & 0xffff_ffff_0000_0000 | UInt64(number + 1) }
        }
        self.slots = slots
    }

    /// The index of the longest prefix that contains `peer`. Allocates nothing and touches no reference count.
    func index(containing peer: PeerAddress) -> Int? {
        index(containing: peer) { _ in true }
    }

    /// The index of the longest prefix that contains `peer` and is wanted.
    @inline(__always)
    func index(containing peer: PeerAddress, where isWanted: (Int) -> Bool) -> Int? {
        let lengths = peer.isIPv4 ? ipv4Lengths.span : ipv6Lengths.span
        for slot in lengths.indices {
            let length = lengths[slot]
            if let index = index(of: peer.masked(to: length), length: length), isWanted(index) { return index }
        }
        return nil
    }

    @inline(__always)
    private func index(of address: PeerAddress, length: UInt8) -> Int? {
        let slots = slots.span
        let value = hash.value(address, length: length)
        var slot = Int(truncatingIfNeeded: value) & (slots.count - 1)
        while slots[slot] != 0 {
            if slots[slot] >> 32 == value >> 32 {
                let index = Self.keyIndex(slots[slot])
                let key = keys.span[index]
                if key.address == address, key.length == length { return index }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private static func keyIndex(_ slot: UInt64) -> Int {
        Int(slot & 0xffff_ffff) - 1
    }

    private static func lengths(of prefixes: some Sequence<AddressPrefix>) -> ContiguousArray<UInt8> {
        ContiguousArray(Set(prefixes.map(\.length)).sorted(by: >))
    }
}
