/// Writes the header of the PROXY protocol, version 2, that a connection to a ticket system begins with.
///
/// ```
///   signature (12) │ version, command (1) │ family, transport (1) │ length (2) │ source, destination, their ports
/// ```
///
/// PROXY with the client's address and the listener's, in the client's family; LOCAL, without addresses, for what we ask ourselves.
enum ProxyHeaderWriter {
    /// No beginning of TLS, HTTP or a line of version 1.
    static let signature: InlineArray<12, UInt8> = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]

    /// - Parameter client: nil for LOCAL.
    static func write(_ client: ShownClient?, into buffer: Buffer) {
        for index in signature.indices { buffer.append(signature[index]) }
        guard let client else { return append([0x20, 0x00, 0, 0], to: buffer) }
        let isIPv4 = client.address.isIPv4
        append(isIPv4 ? [0x21, 0x11, 0, 12] : [0x21, 0x21, 0, 36], to: buffer)
        append(client.address, isIPv4: isIPv4, to: buffer)
        append(client.listener, isIPv4: isIPv4, to: buffer)
        append(UInt64(client.port), bytes: 2, to: buffer)
        append(UInt64(client.listenerPort), bytes: 2, to: buffer)
    }

    /// An IPv4 address among IPv6 ones is its mapped form. An IPv6 one has no form among IPv4 ones, as behind a load balancer that speaks
    /// IPv6 with us: the client's is what counts, and the listener's is left open then.
    private static func append(_ address: PeerAddress, isIPv4: Bool, to buffer: Buffer) {
        if isIPv4 { return append(address.isIPv4 ? address.low & 0xffff_ffff : 0, bytes: 4, to: buffer) }
        append(address.withoutZone.high, bytes: 8, to: buffer)
        append(address.low, bytes: 8, to: buffer)
    }

    private static func append(_ number: UInt64, bytes count: UInt64, to buffer: Buffer) {
        for index in 0..<count { buffer.append(UInt8(truncatingIfNeeded: number >> (8 * (count - 1 - index)))) }
    }

    private static func append(_ bytes: [UInt8], to buffer: Buffer) { buffer.append(bytes.span) }
}
