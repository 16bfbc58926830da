internal import Glibc

/// This machine's users and groups.
// SAFETY: the entry's strings lie in a buffer of ours and are copied before it goes; lists are as long as the calls say.
enum AccountDatabase {
    struct User: Equatable, Sendable {
        var name: String
        var number: UInt32
        var group: UInt32
        var home: String
    }

    private static let entryBytesMax = 16 << 10
    private static let groupsMax = 1_024

    /// By name or number; nil if there is none.
    static func user(_ text: String) -> User? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var room = [CChar](repeating: 0, count: entryBytesMax)
        return unsafe room.withUnsafeMutableBufferPointer { buffer in
            guard let address = buffer.baseAddress else { return nil }
            var code = unsafe getpwnam_r(text, &entry, address, buffer.count, &found)
            if unsafe found == nil, let number = UInt32(text) { code = unsafe getpwuid_r(number, &entry, address, buffer.count, &found) }
            guard code == 0, unsafe found != nil, let name = unsafe entry.pw_name else { return nil }
            let home = unsafe entry.pw_dir.map { unsafe String(cString: $0) } ?? "/"
            return unsafe User(name: String(cString: name), number: entry.pw_uid, group: entry.pw_gid, home: home)
        }
    }

    /// By name or number; nil if there is none.
    static func group(_ text: String) -> UInt32? {
        var entry = unsafe Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var room = [CChar](repeating: 0, count: entryBytesMax)
        let number: UInt32? = unsafe room.withUnsafeMutableBufferPointer { buffer in
            guard let address = buffer.baseAddress, unsafe getgrnam_r(text, &entry, address, buffer.count, &found) == 0, unsafe found != nil
            else { return nil }
            return unsafe entry.gr_gid
        }
        return number ?? UInt32(text)
    }

    /// Nil for a number without a name.
    static func groupName(of number: UInt32) -> String? {
        var entry = unsafe Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var room = [CChar](repeating: 0, count: entryBytesMax)
        return unsafe room.withUnsafeMutableBufferPointer { buffer in
            guard let address = buffer.baseAddress, unsafe getgrgid_r(number, &entry, address, buffer.count, &found) == 0,
                unsafe found != nil
            else { return nil }
            return unsafe entry.gr_name.flatMap { unsafe String(validatingCString: $0) }
        }
    }

    /// All groups of a user, `group` among them.
    static func groups(of user: User, with group: UInt32) -> [UInt32] {
        var groups = [gid_t](repeating: 0, count: groupsMax)
        var count = Int32(groupsMax)
        guard unsafe getgrouplist(user.name, group, &groups, &count) >= 0 else { return [group] }
        return Array(groups.prefix(Int(count)))
    }
}
