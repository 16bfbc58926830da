internal import Glibc

/// Names of this machine's users.
///
/// From the file and not by getpwuid(3), which asks whatever nsswitch.conf names: a directory server that doesn't answer would hold up the control
/// thread for as long as it likes. Who is in no file is called by his number.
enum UserName {
    private static let file = "/etc/passwd"
    private static let fileBytesMax = 4 << 20

    /// Nil for a number without a name.
    static func of(_ user: UInt32) -> String? {
        (try? FileContents.read(file, bytesMax: fileBytesMax)).flatMap { name(of: user, in: $0) }
    }

    /// In lines as `root:x:0:0:…` (passwd(5)).
    static func name(of user: UInt32, in bytes: [UInt8]) -> String? {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count > 3, !parts[0].isEmpty, UInt32(String(decoding: parts[2], as: UTF8.self)) == user else { continue }
            return String(decoding: parts[0], as: UTF8.self)
        }
        return nil
    }

    static var ownUser: UInt32 { geteuid() }
}
