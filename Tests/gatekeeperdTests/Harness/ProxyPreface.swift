/// Headers of the PROXY protocol, made by hand.
enum ProxyPreface {
    static func line(from source: String, family: String = "TCP4") -> [UInt8] {
        Array("PROXY \(family) \(source) \(family == "TCP4" ? "192.0.2.1" : "2001:db8::1") 50000 443\r\n".utf8)
    }

    static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

    /// Version 2; `content` is what follows the length.
    static func binary(command: UInt8 = 0x21, family: UInt8 = 0x11, content: [UInt8]) -> [UInt8] {
        signature + [command, family, UInt8(content.count >> 8), UInt8(content.count & 0xff)] + content
    }

    /// Version 2, TCP over IPv4, to 192.0.2.1.
    static func binary(from source: [UInt8], vectors: [UInt8] = []) -> [UInt8] {
        binary(content: source + [192, 0, 2, 1, 0xc3, 0x50, 1, 0xbb] + vectors)
    }

    static let local = binary(command: 0x20, family: 0, content: [])
}
