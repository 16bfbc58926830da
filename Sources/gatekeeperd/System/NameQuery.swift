internal import CLinux
internal import Glibc

/// A question to the system's name servers (RFC 1035), past `/etc/hosts`: what is told to others as well.
enum NameQuery {
    enum Outcome: Equatable, Sendable {
        /// The message, as it came.
        case answer([UInt8])
        /// There is no such name, or nothing of this kind at it.
        case nothing
        /// Nobody answered, or with a failure.
        case failure
    }

    /// A message's over TCP.
    private static let bytesMax = 65_535
    private static let nameBytesMax = 253

    /// Blocks for as long as name servers take, which is bounded by their number and their `attempts` alone.
    static func ask(_ name: String, type: UInt16) -> Outcome {
        guard !name.isEmpty, name.utf8.count <= nameBytesMax, !name.utf8.contains(0) else { return .failure }
        var message = [UInt8](repeating: 0, count: bytesMax)
        var failure: Int32 = 0
        // SAFETY: the name is lent as a C string without a NUL inside, the array with its length; both for the call alone.
        let length = unsafe clinux_name_query(name, Int32(type), &message, Int32(bytesMax), &failure)
        guard length < 0 else { return .answer(Array(message.prefix(Int(length)))) }
        return failure == HOST_NOT_FOUND || failure == NO_DATA ? .nothing : .failure
    }
}
