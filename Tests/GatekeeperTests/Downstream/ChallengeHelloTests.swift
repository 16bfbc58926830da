import Testing

@testable import Gatekeeper

@Suite("The hello by which an authority asks for a challenge")
struct ChallengeHelloTests {
    private func read(_ bytes: [UInt8]) -> ChallengeHello.Result { ChallengeHello.read(bytes.span, for: HelloBytes.names) }

    /// Torn at every byte it is waited for, up to the last.
    private func expectRight(_ bytes: [UInt8], name: Int = 0, _ comment: Comment) {
        #expect(read(bytes) == .hello(name: name), comment)
        for count in bytes.indices where read(Array(bytes[..<count])) != .needsMore {
            Issue.record("\(comment): \(count) bytes are \(read(Array(bytes[..<count])))")
            return
        }
    }

    @Test("is waited for at every byte, and is right with the last one, in one record or in many")
    func right() {
        for recordBytes in [1 << 14, 1, 3, 100] + Array(4...40) {
            expectRight(HelloBytes().changed { $0.recordBytes = recordBytes }.bytes, "records of \(recordBytes)")
        }
    }

    @Test("may ask in capitals, for any name that is pending, in TLS 1.2, with whatever else nobody knows")
    func variants() {
        expectRight(HelloBytes().changed { $0.extensions[0] = HelloBytes.serverNames(["A.eXample"]) }.bytes, "capitals")
        expectRight(HelloBytes().changed { $0.extensions[0] = HelloBytes.serverNames(["b.example"]) }.bytes, name: 1, "the second")
        expectRight(HelloBytes().changed { $0.extensions[0] = HelloBytes.serverNames(["mail.example.org"]) }.bytes, name: 2, "the third")
        expectRight(HelloBytes().changed { $0.extensions.removeLast() }.bytes, "TLS 1.2")
        expectRight(HelloBytes().changed { $0.sessionID = [] }.bytes, "no session")
        expectRight(
            HelloBytes().changed {
                $0.extensions.insert((0x2a2a, []), at: 0)
                $0.extensions.append((0xfafa, [0]))
                $0.extensions[4].content = [6, 0x4a, 0x4a, 3, 4, 3, 3]
                $0.ciphers = [0x5a, 0x5a] + $0.ciphers
            }.bytes, "GREASE")
    }

    @Test("may have 16 KiB, as with the shares of other ciphers than today's, and not a byte more")
    func size() {
        let whole = HelloBytes().padded(to: 16 << 10)
        #expect(whole.count == 16 << 10)
        #expect(read(whole) == .hello(name: 0))
        #expect(read(Array(whole.dropLast())) == .needsMore)
        let longer = HelloBytes().padded(to: (16 << 10) + 1)
        #expect(longer.count == (16 << 10) + 1)
        // Its length says so.
        #expect(read(Array(longer[..<9])) == .cannotBe)
    }

    @Test("is right as OpenSSL says it", arguments: [TLSVersion.tls12, .tls13])
    func openSSL(version: TLSVersion) throws {
        expectRight(try ChallengePeer.hello(for: "a.example", version: version), "\(version)")
    }

    @Test("what follows it isn't looked at")
    func behind() {
        #expect(read(HelloBytes().bytes + [20, 3, 3, 0, 1, 1]) == .hello(name: 0))
        #expect(read(HelloBytes().bytes + Array("anything".utf8)) == .hello(name: 0))
    }

    @Test("whatever else comes can't be it, and is never taken for it before", arguments: WrongHello.all)
    func wrong(hello: WrongHello) {
        #expect(read(hello.bytes) == .cannotBe)
        var wasWrong = false
        for count in 0...hello.bytes.count {
            let result = read(Array(hello.bytes[..<count]))
            #expect(result == .cannotBe || result == .needsMore && !wasWrong, "\(count) bytes")
            wasWrong = result == .cannotBe
        }
    }

    @Test("what can't become right is known at the first byte that says so")
    func early() {
        let count = { (hello: [UInt8]) in (0...hello.count).first { read(Array(hello[..<$0])) == .cannotBe } }
        #expect(count(Array("GET / HTTP/1.1".utf8)) == 1)
        #expect(count([22, 2]) == 2)
        let names = HelloBytes().changed { $0.extensions[0] = HelloBytes.serverNames(["c.example"]) }.bytes
        let start = names.firstRange(of: Array("c.example".utf8))?.lowerBound
        #expect(count(names) == start.map { $0 + 1 })
        let protocols = HelloBytes().changed { $0.extensions[1] = HelloBytes.protocols(["acme-tls/2"]) }.bytes
        #expect(count(protocols) == protocols.firstRange(of: Array("acme-tls/2".utf8))?.upperBound)
    }

    @Test("without a pending name none is right")
    func noNames() {
        #expect(ChallengeHello.read(HelloBytes().bytes.span, for: []) == .cannotBe)
    }
}
