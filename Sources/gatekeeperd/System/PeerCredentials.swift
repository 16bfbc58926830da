/// Who is at the other end of a UNIX socket.
struct PeerCredentials: Equatable, Sendable {
    var user: UInt32
    var group: UInt32
    var supplementaryGroups: [UInt32]

    /// Whether they may give orders at a socket of `group`: root, this process's own user, and the members of that group.
    ///
    /// The file's mode says the same; this holds as well where somebody has loosened the mode or handed a descriptor on.
    func mayCommand(ownUser: UInt32, socketGroup: UInt32) -> Bool {
        user == 0 || user == ownUser || group == socketGroup || supplementaryGroups.contains(socketGroup)
    }
}
