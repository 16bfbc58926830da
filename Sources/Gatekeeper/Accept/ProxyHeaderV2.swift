/// Version 2 of the PROXY protocol.
///
/// ```
///   signature (12) │ version, command (1) │ family, transport (1) │ length (2) │ addresses │ TLVs: type (1) length (2) value …
/// ```
///
/// TLVs are stepped over by their lengths, which must come out exactly at the end; only the checksum is looked at.
enum ProxyHeaderV2 {
    /// No beginning of TLS, HTTP or a line of version 1.
    static let signature = ProxyHeaderWriter.signature
    private static let fixedBytes = 16
    private static let local: UInt8 = 0x20
    private static let proxy: UInt8 = 0x21
    private static let tcp4: UInt8 = 0x11
    private static let tcp6: UInt8 = 0x21
    private static let checksumType: UInt8 = 0x03

    static func parse(_ bytes: Span<UInt8>) -> ProxyHeader.Result {
        for index in 0..<min(bytes.count, signature.count) where bytes[index] != signature[index] { return .refused(.missing) }
        guard bytes.count > 12 else { return .needsMore }
        let command = bytes[12]
        guard command == local || command == proxy else { return .refused(.malformed) }
        guard bytes.count > 13 else { return .needsMore }
        let family = bytes[13]
        if command == proxy, family != tcp4, family != tcp6 {
            let isKnown = family >> 4 <= 3 && family & 0x0f <= 2
            return .refused(isKnown ? .noAddress : .malformed)
        }
        guard bytes.count >= fixedBytes else { return .needsMore }
        let byteCount = fixedBytes + number(bytes, at: 14)
        guard byteCount <= ProxyHeader.bytesMax else { return .refused(.tooLong) }
        // A relayed connection needs its addresses: known before they arrive.
        let addressBytes = family == tcp4 ? 12 : 36
        if command == proxy, byteCount < fixedBytes + addressBytes { return .refused(.malformed) }
        guard bytes.count >= byteCount else { return .needsMore }
        let header = bytes.extracting(first: byteCount)
        // What stands behind LOCAL is to be ignored, whatever it says.
        if command == local { return .parsed(ProxyHeader(source: .balancer, byteCount: byteCount)) }
        if let mistake = mistake(inVectors: header, from: fixedBytes + addressBytes) { return .refused(mistake) }
        return .parsed(ProxyHeader(source: .address(source(header, isIPv4: family == tcp4)), byteCount: byteCount))
    }

    private static func source(_ header: Span<UInt8>, isIPv4: Bool) -> SocketAddress {
        if isIPv4 {
            let address = UInt32(number(header, at: 16)) << 16 | UInt32(number(header, at: 18))
            return SocketAddress(address: PeerAddress(ipv4: address), port: UInt16(number(header, at: 24)))
        }
        var address = PeerAddress(high: 0, low: 0)
        for index in 0..<8 {
            address.high = address.high << 8 | UInt64(header[16 + index])
            address.low = address.low << 8 | UInt64(header[24 + index])
        }
        // An interface of another machine means nothing here.
        return SocketAddress(address: address.inZone(0), port: UInt16(number(header, at: 48)))
    }

    private static func mistake(inVectors header: Span<UInt8>, from start: Int) -> ProxyHeader.Mistake? {
        var offset = start
        var checksumOffset: Int?
        while offset < header.count {
            guard header.count - offset >= 3 else { return .malformed }
            let (type, length) = (header[offset], number(header, at: offset + 1))
            offset += 3
            guard header.count - offset >= length else { return .malformed }
            if type == checksumType {
                guard length == 4, checksumOffset == nil else { return .malformed }
                checksumOffset = offset
            }
            offset += length
        }
        guard let checksumOffset else { return nil }
        let written = UInt32(number(header, at: checksumOffset)) << 16 | UInt32(number(header, at: checksumOffset + 2))
        return checksum(header, without: checksumOffset..<checksumOffset + 4) == written ? nil : .checksum
    }

    /// CRC-32C (RFC 3720 §12.1) of the header, with zeros where the checksum itself stands.
    private static func checksum(_ header: Span<UInt8>, without excluded: Range<Int>) -> UInt32 {
        var sum = UInt32.max
        for index in header.indices {
            sum ^= excluded.contains(index) ? 0 : UInt32(header[index])
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x82f6_3b78 : sum >> 1 }
        }
        return ~sum
    }

    private static func number(_ bytes: Span<UInt8>, at offset: Int) -> Int {
        Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
    }
}
