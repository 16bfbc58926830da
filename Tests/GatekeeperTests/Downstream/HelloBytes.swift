import Testing

/// A ClientHello as bytes, right for a challenge of `a.example` unless a test changes it.
struct HelloBytes {
    var handshakeType: UInt8 = 1
    var version: [UInt8] = [3, 3]
    var sessionID = [UInt8](repeating: 7, count: 32)
    var ciphers: [UInt8] = [0x13, 0x01, 0xc0, 0x2b]
    var compressions: [UInt8] = [0]
    var extensions: [(kind: Int, content: [UInt8])] = [
        serverNames(["a.example"]), protocols(["acme-tls/1"]), (10, [0, 2, 0, 29]), (43, [4, 3, 4, 3, 3]),
    ]
    /// Bytes of each record but the last.
    var recordBytes = 1 << 14
    var recordVersion: [UInt8] = [3, 1]

    static let names = ["a.example", "b.example", "mail.example.org"].map { Array($0.utf8) }

    static func serverNames(_ names: [String]) -> (kind: Int, content: [UInt8]) {
        (0, counted(names.flatMap { [0] + counted(Array($0.utf8)) }))
    }

    static func protocols(_ names: [String]) -> (kind: Int, content: [UInt8]) {
        (16, counted(names.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }))
    }

    /// Behind its length, of two bytes.
    static func counted(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)] + bytes }

    /// The handshake message.
    var message: [UInt8] {
        let all = extensions.flatMap { [UInt8($0.kind >> 8), UInt8($0.kind & 0xff)] + Self.counted($0.content) }
        let body =
            version + [UInt8](repeating: 9, count: 32) + [UInt8(sessionID.count)] + sessionID + Self.counted(ciphers)
            + [UInt8(compressions.count)] + compressions + Self.counted(all)
        return [handshakeType, UInt8(body.count >> 16)] + Self.counted(body)
    }

    var bytes: [UInt8] {
        var rest = message[...]
        var records: [UInt8] = []
        while !rest.isEmpty {
            records += [22] + recordVersion + Self.counted(Array(rest.prefix(recordBytes)))
            rest = rest.dropFirst(recordBytes)
        }
        return records
    }

    /// With so many bytes in all, in records of the largest size (RFC 7685).
    func padded(to count: Int) -> [UInt8] {
        var hello = self
        hello.extensions.append((21, []))
        let missing = count - hello.bytes.count
        hello.extensions[hello.extensions.count - 1].content = [UInt8](repeating: 0, count: missing)
        // Another record has another header.
        let excess = hello.bytes.count - count
        if excess > 0 { hello.extensions[hello.extensions.count - 1].content.removeLast(excess) }
        return hello.bytes
    }

    func changed(_ change: (inout HelloBytes) -> Void) -> HelloBytes {
        var hello = self
        change(&hello)
        return hello
    }
}

/// What a stranger may say in place of a right hello.
struct WrongHello: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let bytes: [UInt8]

    private init(_ description: String, _ bytes: [UInt8]) {
        testDescription = description
        self.bytes = bytes
    }

    private init(_ description: String, _ change: (inout HelloBytes) -> Void) {
        self.init(description, HelloBytes().changed(change).bytes)
    }

    static let all: [WrongHello] = [
        WrongHello("HTTP", Array("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".utf8)),
        WrongHello("PROXY", Array("PROXY TCP4 192.0.2.1 192.0.2.2 5 443\r\n".utf8)),
        WrongHello("SSLv2", [0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 16] + [UInt8](repeating: 1, count: 35)),
        WrongHello("an alert", [21, 3, 1, 0, 2, 2, 40]),
        WrongHello("an empty record", [22, 3, 1, 0, 0] + HelloBytes().bytes),
        WrongHello("a record too long", [22, 3, 1, 0x40, 1] + HelloBytes().message),
        WrongHello("a record of version 2") { $0.recordVersion = [2, 0] },
        WrongHello("another message") { $0.handshakeType = 2 },
        WrongHello("TLS 1.0") { $0.version = [3, 1] },
        WrongHello("TLS 1.1 by supported_versions") { $0.extensions[3].content = [2, 3, 2] },
        WrongHello("http/1.1") { $0.extensions[1] = HelloBytes.protocols(["http/1.1"]) },
        WrongHello("two protocols") { $0.extensions[1] = HelloBytes.protocols(["acme-tls/1", "http/1.1"]) },
        WrongHello("two protocols, the other first") { $0.extensions[1] = HelloBytes.protocols(["h2", "acme-tls/1"]) },
        WrongHello("a protocol of the same length") { $0.extensions[1] = HelloBytes.protocols(["acme-tls/2"]) },
        WrongHello("no protocol") { $0.extensions.remove(at: 1) },
        WrongHello("no name") { $0.extensions.remove(at: 0) },
        WrongHello("another name") { $0.extensions[0] = HelloBytes.serverNames(["c.example"]) },
        WrongHello("a longer name") { $0.extensions[0] = HelloBytes.serverNames(["a.example."]) },
        WrongHello("two names") { $0.extensions[0] = HelloBytes.serverNames(["a.example", "b.example"]) },
        WrongHello("a name of another type") { $0.extensions[0].content[2] = 1 },
        WrongHello("an empty list of names") { $0.extensions[0] = HelloBytes.serverNames([]) },
        WrongHello("an extension twice") { $0.extensions.append($0.extensions[0]) },
        WrongHello("an unknown extension twice") { $0.extensions += [(0x3a3a, []), (0x3a3a, [])] },
        WrongHello("more extensions than anybody has") { $0.extensions += (100..<180).map { ($0, []) } },
        WrongHello("no extensions at all") { $0.extensions = [] },
        WrongHello("no cipher") { $0.ciphers = [] },
        WrongHello("half a cipher") { $0.ciphers.append(0) },
        WrongHello("no compression") { $0.compressions = [] },
        WrongHello("a session's name too long") { $0.sessionID = [UInt8](repeating: 1, count: 33) },
        WrongHello("an extension longer than all", [UInt8](HelloBytes().bytes.dropLast(6)) + [0xff, 4, 3, 4, 3, 3]),
        WrongHello("a byte more in the record", HelloBytes().bytes.withRecordLonger(by: 1)),
        WrongHello("over 16 KiB", HelloBytes().padded(to: (16 << 10) + 1)),
    ]
}

extension [UInt8] {
    /// The one record of these, with zeroes behind what it holds.
    fileprivate func withRecordLonger(by count: Int) -> [UInt8] {
        let length = Int(self[3]) << 8 + Int(self[4]) + count
        return Array(self[..<3]) + [UInt8(length >> 8), UInt8(length & 0xff)] + self[5...] + [UInt8](repeating: 0, count: count)
    }
}
