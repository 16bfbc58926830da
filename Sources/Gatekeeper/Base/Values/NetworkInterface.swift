internal import Glibc

/// Names and numbers of this machine's network interfaces, for addresses that mean something on one of them only (RFC 4007).
package enum NetworkInterface {
    /// The number of an interface, by its name or else written as a number; nil if there is none.
    package static func index(named name: String) -> UInt32? {
        let index = unsafe if_nametoindex(name)
        return index == 0 ? UInt32(name).flatMap { self.name(of: $0) == nil ? nil : $0 } : index
    }

    package static func index(of name: InterfaceName) -> UInt32? { index(named: "\(name)") }

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
