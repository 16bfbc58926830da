internal import Glibc

/// Names and numbers of this machine's network interfaces, for addresses that mean something on one of them only (RFC 4007).
package enum NetworkInterface {
    /// The number of an interface, by its name or written as a number; nil if there is none.
    package static func index(named name: String) -> UInt32? {
        if let number = UInt32(name) { return self.name(of: number) == nil ? nil : number }
        let number = unsafe if_nametoindex(name)
        return number == 0 ? nil : number
    }

    /// Nil when it is no more.
    package static func name(of index: UInt32) -> String? {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        // SAFETY: the room is IF_NAMESIZE bytes, and what is written there ends with a NUL.
        return unsafe name.withUnsafeMutableBufferPointer { room in
            guard let base = room.baseAddress, unsafe if_indextoname(index, base) != nil else { return nil }
            return unsafe String(cString: base)
        }
    }
}
