internal import Glibc

/// Names of this machine's users.
enum UserName {
    /// Longer entries than this are taken for no name.
    private static let entryBytesMax = 16 << 10

    /// Nil for a number without a name.
    static func of(_ user: UInt32) -> String? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var room = [CChar](repeating: 0, count: entryBytesMax)
        return unsafe room.withUnsafeMutableBufferPointer { buffer in
            guard let address = buffer.baseAddress else { return nil }
            // SAFETY: getpwuid_r writes at most the given number of bytes there; the name points into it and is copied at once.
            guard unsafe getpwuid_r(user, &entry, address, buffer.count, &found) == 0, unsafe found != nil else { return nil }
            return unsafe entry.pw_name.flatMap { unsafe String(validatingCString: $0) }
        }
    }

    static var ownUser: UInt32 { geteuid() }
}
