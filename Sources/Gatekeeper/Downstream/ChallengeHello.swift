/// The ClientHello by which an authority makes sure of a name (RFC 8737 §3), read where the kernel keeps it, as far as it has come.
///
/// ```
///   record 22 ─┬─ ClientHello: version, random, session, ciphers, compression, extensions
///   record 22 ─┘                  ALPN `acme-tls/1` alone, one name that is pending, no extension twice
/// ```
///
/// A TLS session costs memory and signatures, and a stranger isn't worth either: this decides from the bytes alone whether there is to be one,
/// and says so at the first byte after which it can't become right. Allocates nothing, and more bytes never change an answer other than
/// `needsMore`. Extensions that aren't known, also those that mean nothing on purpose (RFC 8701), are stepped over.
enum ChallengeHello {
    enum Result: Equatable {
        case needsMore
        case cannotBe
        /// Whole and right, for the name of this index.
        case hello(name: Int)
    }

    /// Of the hello with its records' headers.
    static let bytesMax = 16 << 10

    /// - Parameters:
    ///   - bytes: from the first of the connection on; those beyond `bytesMax` aren't looked at.
    ///   - names: which may be asked for, in lower case.
    static func read(_ bytes: Span<UInt8>, for names: [[UInt8]]) -> Result {
        var reader = HelloReader(bytes.extracting(first: min(bytes.count, bytesMax)))
        do throws(HelloReader.Stop) {
            return .hello(name: try reader.name(among: names))
        } catch {
            return error == .needsMore ? .needsMore : .cannotBe
        }
    }
}

/// Steps through a handshake message that may lie in several records.
private struct HelloReader: ~Escapable {
    enum Stop: Error {
        case needsMore
        case cannotBe
    }

    private let bytes: Span<UInt8>
    private var offset = 0
    /// Bytes that the current record still has.
    private var recordRest = 0
    /// Bytes of the message that were read, and at which it ends; as long as that isn't known, its own header.
    private var taken = 0
    private var end = 4

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// RFC 8446 §4.1.2, which RFC 5246 §7.4.1.2 has in common.
    mutating func name(among names: [[UInt8]]) throws(Stop) -> Int {
        try expect(1)
        let length = try number(ofBytes: 3)
        guard length <= ChallengeHello.bytesMax - offset else { throw .cannotBe }
        end = taken + length
        // Version 1.2, which 1.3 calls itself as well.
        try expect(3)
        try expect(3)
        try skip(32)
        let sessionLength = try number(ofBytes: 1)
        guard sessionLength <= 32 else { throw .cannotBe }
        try skip(sessionLength)
        let ciphersLength = try number(ofBytes: 2)
        guard ciphersLength >= 2, ciphersLength % 2 == 0 else { throw .cannotBe }
        try skip(ciphersLength)
        let compressionsLength = try number(ofBytes: 1)
        guard compressionsLength >= 1 else { throw .cannotBe }
        try skip(compressionsLength)
        guard try number(ofBytes: 2) == end - taken else { throw .cannotBe }
        return try name(inExtensions: names)
    }

    private mutating func name(inExtensions names: [[UInt8]]) throws(Stop) -> Int {
        var name: Int?
        var isForChallenge = false
        var kinds = InlineArray<64, Int>(repeating: -1)
        var count = 0
        while taken < end {
            let (kind, length) = (try number(ofBytes: 2), try number(ofBytes: 2))
            // Nobody sends as many.
            guard length <= end - taken, count < kinds.count else { throw .cannotBe }
            for index in 0..<count where kinds[index] == kind { throw .cannotBe }
            kinds[count] = kind
            count += 1
            switch kind {
            case 0: name = try serverName(length, among: names)
            case 16:
                try challengeProtocol(length)
                isForChallenge = true
            case 43: try versions(length)
            default: try skip(length)
            }
        }
        // A record ends with it, since keys change behind it (RFC 8446 §5.1).
        guard let name, isForChallenge, recordRest == 0 else { throw .cannotBe }
        return name
    }

    /// `server_name` (RFC 6066 §3): one `host_name`, and that among `names`.
    private mutating func serverName(_ length: Int, among names: [[UInt8]]) throws(Stop) -> Int {
        guard length > 5, try number(ofBytes: 2) == length - 2 else { throw .cannotBe }
        try expect(0)
        guard try number(ofBytes: 2) == length - 5 else { throw .cannotBe }
        let start = (offset, recordRest, taken)
        for (index, name) in names.enumerated() where name.count == length - 5 {
            (offset, recordRest, taken) = start
            if try matches(name) { return index }
        }
        throw .cannotBe
    }

    /// False at the first byte that is another's; what may still become this name is waited for.
    private mutating func matches(_ name: [UInt8]) throws(Stop) -> Bool {
        for byte in name where ByteScan.lowercased(UInt8(truncatingIfNeeded: try number(ofBytes: 1))) != byte { return false }
        return true
    }

    /// `application_layer_protocol_negotiation` (RFC 7301 §3.1): `acme-tls/1` and no other.
    private mutating func challengeProtocol(_ length: Int) throws(Stop) {
        guard length == 13 else { throw .cannotBe }
        try expect(0)
        try expect(11)
        for byte in "\u{a}acme-tls/1".utf8 { try expect(byte) }
    }

    /// `supported_versions` (RFC 8446 §4.2.1): 1.2 or 1.3 among them, else the handshake would come to an alert.
    private mutating func versions(_ length: Int) throws(Stop) {
        guard length >= 3, length % 2 == 1, try number(ofBytes: 1) == length - 1 else { throw .cannotBe }
        var isSpoken = false
        for _ in 0..<length / 2 { if (0x0303...0x0304).contains(try number(ofBytes: 2)) { isSpoken = true } }
        guard isSpoken else { throw .cannotBe }
    }

    // MARK: Bytes

    private mutating func expect(_ byte: UInt8) throws(Stop) {
        guard try number(ofBytes: 1) == Int(byte) else { throw .cannotBe }
    }

    private mutating func number(ofBytes count: Int) throws(Stop) -> Int {
        var number = 0
        for _ in 0..<count {
            guard taken < end else { throw .cannotBe }
            _ = try available()
            number = number << 8 | Int(bytes[offset])
            step(over: 1)
        }
        return number
    }

    private mutating func skip(_ count: Int) throws(Stop) {
        guard count <= end - taken else { throw .cannotBe }
        var rest = count
        while rest > 0 {
            let part = min(rest, try available())
            step(over: part)
            rest -= part
        }
    }

    private mutating func step(over count: Int) {
        offset += count
        recordRest -= count
        taken += count
    }

    /// How many bytes of the message lie in one piece from here on, one at least.
    private mutating func available() throws(Stop) -> Int {
        if recordRest == 0 { try beginRecord() }
        guard offset < bytes.count else { throw bytes.count < ChallengeHello.bytesMax ? .needsMore : .cannotBe }
        return min(recordRest, bytes.count - offset)
    }

    /// RFC 8446 §5.1: a handshake record of version 3.x, of 1 to 2^14 bytes.
    private mutating func beginRecord() throws(Stop) {
        let header = bytes.extracting(offset..<min(offset + 5, bytes.count))
        if header.count > 0, header[0] != 22 { throw .cannotBe }
        if header.count > 1, header[1] != 3 { throw .cannotBe }
        guard header.count == 5 else { throw bytes.count < ChallengeHello.bytesMax ? .needsMore : .cannotBe }
        recordRest = Int(header[3]) << 8 | Int(header[4])
        guard (1...1 << 14).contains(recordRest) else { throw .cannotBe }
        offset += 5
    }
}
