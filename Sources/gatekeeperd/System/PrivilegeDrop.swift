internal import CLinux
internal import Gatekeeper
internal import Glibc

/// Becoming somebody else for good.
///
/// To be called before the process has a second thread: the kernel keeps capabilities for each of them.
enum PrivilegeDrop {
    /// Whom the kernel is to take us for.
    struct Identity {
        /// For messages.
        var user: String
        var userNumber: UInt32
        var group: UInt32
        var groups: [UInt32]
        /// One bit each.
        var capabilities: UInt64
    }

    /// Of one who isn't root, groups, user, capabilities and the way back to any of them are gone afterwards (`no_new_privs`).
    static func become(_ identity: Identity) throws(SystemError) {
        try demand(clinux_no_new_privileges() == 0, "give up new privileges")
        for number in 0..<64 as Range<Int32> where identity.capabilities & (1 << UInt64(number)) == 0 {
            // Beyond the last that the kernel knows.
            guard clinux_drop_bound(number) == 0 else { break }
        }
        try demand(clinux_keep_capabilities() == 0, "keep capabilities")
        let groups = identity.groups.isEmpty ? [identity.group] : identity.groups
        // SAFETY: the array has as many groups as are told, and outlives the call.
        try demand(unsafe setgroups(groups.count, groups) == 0, "take the groups of \(identity.user)")
        try demand(clinux_become_group(identity.group) == 0, "take the group of \(identity.user)")
        try demand(clinux_become_user(identity.userNumber) == 0, "become \(identity.user)")
        try demand(clinux_set_capabilities(identity.capabilities) == 0, "take the capabilities of \(identity.user)")
        guard identity.userNumber == 0 || setuid(0) != 0 else { throw SystemError("become \(identity.user) for good", code: EPERM) }
    }

    private static func demand(_ isDone: Bool, _ step: String) throws(SystemError) {
        guard isDone else { throw SystemError(step, code: errno) }
    }
}
