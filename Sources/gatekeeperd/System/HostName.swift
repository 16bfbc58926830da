internal import Glibc

/// What this machine is called.
enum HostName {
    private static let bytesMax = 255

    static var own: String {
        var name = [CChar](repeating: 0, count: bytesMax + 1)
        // SAFETY: the array is lent with its length; its last byte stays the NUL that it is.
        guard unsafe gethostname(&name, bytesMax) == 0 else { return "this machine" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
