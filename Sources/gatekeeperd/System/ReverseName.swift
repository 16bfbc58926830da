internal import Gatekeeper
internal import Glibc

/// The name of an address, if the name has the address too. Whoever has an address may call it what he likes; that the name leads back to it
/// takes whoever has the name.
enum ReverseName {
    private static let bytesMax = 100

    /// Blocks for as long as name servers take. Nil for an address without a name, or with one that is another's.
    static func ask(_ address: PeerAddress) -> String? {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_NUMERICHOST
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        let named = unsafe first(of: address.description, hints) { unsafe text(of: $0, NI_NAMEREQD) }
        guard let name = named, isName(name) else { return nil }
        unsafe hints.ai_flags = 0
        let back = unsafe first(of: name, hints) { entry -> String? in
            guard let text = unsafe text(of: entry, NI_NUMERICHOST), (try? PeerAddress(parsing: text)) == address else { return nil }
            return text
        }
        return back == nil ? nil : name
    }

    /// What `read` makes of the first entry of which it makes something.
    private static func first(
        of host: String, _ hints: addrinfo, _ read: (UnsafeMutablePointer<addrinfo>) -> String?
    ) -> String? {
        var hints = unsafe hints
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return nil }
        defer { unsafe freeaddrinfo(list) }
        var entry = unsafe list
        while let current = unsafe entry {
            if let found = unsafe read(current) { return found }
            unsafe entry = current.pointee.ai_next
        }
        return nil
    }

    /// The entry's address as text, by its name or in digits.
    private static func text(of entry: UnsafeMutablePointer<addrinfo>, _ flag: Int32) -> String? {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        // SAFETY: the entry is of a list that isn't freed before this returns; the buffer is lent with its length.
        let code = unsafe getnameinfo(
            entry.pointee.ai_addr, entry.pointee.ai_addrlen, &host, socklen_t(host.count), nil, 0, flag)
        guard code == 0 else { return nil }
        return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What a host may be called: it is shown to people.
    private static func isName(_ text: String) -> Bool {
        text.utf8.count <= bytesMax
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
