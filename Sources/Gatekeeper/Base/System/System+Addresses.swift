internal import CLinux
internal import Glibc

extension SocketAddress {
    /// Whether it is an address of this machine now, so that somebody could connect to it.
    package var isHere: Bool { System.has(self) }
}

/// The machine's own addresses, which come and go while we run.
extension System {
    /// For `isFree` sockets: an address that isn't here yet can be bound, and serves from the moment that it comes.
    static func bindFreely(_ descriptor: Int32, family: Int32) {
        // linux/in.h, linux/in6.h; neither is in Swift's Glibc module.
        let (freeBindIPv4, freeBindIPv6): (Int32, Int32) = (15, 78)
        if family == AF_INET6 {
            set(descriptor, level: Int32(IPPROTO_IPV6), option: freeBindIPv6, to: 1)
        } else {
            set(descriptor, level: Int32(IPPROTO_IP), option: freeBindIPv4, to: 1)
        }
    }

    /// Whether somebody could connect to this address of ours now. One that the kernel still looks for duplicates of isn't here yet. What can't
    /// be found out counts as here.
    static func has(_ address: SocketAddress) -> Bool {
        var any = address
        any.port = 0
        do throws(SystemError) {
            _ = try bound(to: any, sharing: false, isFree: false)
            return true
        } catch {
            return error.code != EADDRNOTAVAIL && error.code != ENODEV
        }
    }

    /// What the kernel is about to make of an IPv6 address (RFC 4862 §5.4).
    enum DuplicateDetection {
        /// It looks whether another machine of the link has it.
        case isRunning
        /// Another one has.
        case hasFailed
    }

    /// Nil for an address that is in use, or isn't ours at all.
    static func duplicateDetection(of address: SocketAddress) -> DuplicateDetection? {
        guard !address.address.isIPv4, let table = readProcess("/proc/self/net/if_inet6") else { return nil }
        return duplicateDetection(of: address.address, in: table)
    }

    /// Lines as `fe800000000000000042acfffe110002 02 40 20 40     eth0`: address, interface, prefix, scope, flags (if_addr.h), name.
    static func duplicateDetection(of address: PeerAddress, in table: String) -> DuplicateDetection? {
        let (failed, tentative): (UInt32, UInt32) = (0x08, 0x40)
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 5, words[0].utf8.count == 32, let flags = UInt32(words[4], radix: 16),
                UInt64(words[0].prefix(16), radix: 16) == address.high, UInt64(words[0].suffix(16), radix: 16) == address.low
            else { continue }
            if flags & failed != 0 { return .hasFailed }
            if flags & tentative != 0 { return .isRunning }
        }
        return nil
    }

    /// Waits for the end of duplicate detection; throws when another machine has the address. Returns at once for what isn't being looked at.
    /// Blocks; never called on a worker.
    static func waitForDuplicateDetection(of address: SocketAddress) throws(SystemError) {
        for _ in 0..<detectionMillisecondsMax / detectionTurnMilliseconds {
            switch duplicateDetection(of: address) {
            case .isRunning: sleep(milliseconds: Int32(detectionTurnMilliseconds))
            case .hasFailed:
                throw SystemError(
                    "listen on \(address), which another machine of the link has as well (`ip address` says dadfailed)", code: EADDRNOTAVAIL
                )
            case nil: return
            }
        }
    }

    /// A second or two, unless the interface asks for more probes.
    private static let detectionMillisecondsMax = 5_000
    private static let detectionTurnMilliseconds = 50

    // MARK: Interfaces

    /// Of a link-local address that the kernel has filled in.
    static func zone(of storage: sockaddr_storage) -> InterfaceName? {
        guard Int32(storage.ss_family) == AF_INET6 else { return nil }
        // SAFETY: sockaddr_storage is as large and as aligned as the structure that its family names.
        let index = unsafe withUnsafePointer(to: storage) { unsafe UnsafeRawPointer($0).loadUnaligned(as: sockaddr_in6.self).sin6_scope_id }
        return index == 0 ? nil : NetworkInterface.name(of: index).flatMap { InterfaceName($0) }
    }

    /// A small file of proc(5), at most 64 KiB of it; nil where it can't be read.
    private static func readProcess(_ path: String) -> String? {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = Descriptor(owning: number)
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while text.count < 64 << 10 {
            // SAFETY: no more is read than the array has room for.
            let count = unsafe piece.withUnsafeMutableBytes { unsafe read(file.number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            text += piece.prefix(count)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
