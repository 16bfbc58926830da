import Testing

@testable import Gatekeeper

@Suite struct ByteScanTests {
    @Test("the first control character is found for every byte value at every offset")
    func firstControl() {
        for byte in UInt8.min...UInt8.max {
            let isControl = byte < 0x20 || byte == 0x7f
            for offset in 0..<18 {
                var bytes = [UInt8](repeating: UInt8(ascii: "~"), count: 18)
                bytes[offset] = byte
                #expect(ByteScan.firstControl(in: bytes.span, from: 0) == (isControl ? offset : 18))
                #expect(ByteScan.firstControl(in: bytes.span, from: offset + 1) == 18)
            }
        }
    }

    @Test("the end of a name is found for every byte value at every offset")
    func endOfName() {
        for byte in UInt8.min...UInt8.max {
            let character = Unicode.Scalar(byte)
            let isName = byte < 0x80 && (character.properties.isAlphabetic || character.properties.numericType != nil || byte == 0x2d)
            for offset in 0..<18 {
                var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 18)
                bytes[offset] = byte
                #expect(ByteScan.endOfName(in: bytes.span, from: 0, to: 18) == (isName ? 18 : offset), "\(byte) at \(offset)")
                #expect(ByteScan.endOfName(in: bytes.span, from: 0, to: offset) == offset)
            }
        }
    }

    @Test("a word is loaded from anywhere in the bytes, and none from beyond")
    func load() {
        let bytes = Array("abcdefghij".utf8)
        #expect(ByteScan.load(bytes.span, at: 0) == ByteScan.word("abcdefgh"))
        #expect(ByteScan.load(bytes.span, at: 2) == ByteScan.word("cdefghij"))
        #expect(ByteScan.load(bytes.span, at: 3) == nil)
        #expect(ByteScan.load(bytes.span, at: 11) == nil)
        #expect(ByteScan.load(bytes.span, at: -1) == nil)
        #expect(ByteScan.load(bytes.span, at: 0, count: 3) == ByteScan.word("abc"))
        #expect(ByteScan.load(bytes.span, at: 8, count: 2) == ByteScan.word("ij"))
        #expect(ByteScan.load(bytes.span, at: 2, count: 8) == ByteScan.word("cdefghij"))
    }

    @Test("hexadecimal digits have their value, other bytes none")
    func hexDigit() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(Unicode.Scalar(byte))
            let value = byte < 0x80 ? character.hexDigitValue.map(UInt8.init) : nil
            #expect(ByteScan.hexDigit(byte) == value, "\(byte)")
        }
    }

    @Test("case is ignored for letters and for nothing else")
    func equalIgnoringCase() {
        func equal(_ a: String, _ b: String) -> Bool {
            ByteScan.equalIgnoringCase(Array(a.utf8).span, Array(b.utf8).span)
        }
        #expect(equal("Keep-Alive", "kEEP-aLIVE"))
        #expect(!equal("a", "ab"))
        // These differ in the bit that tells the cases of a letter apart.
        #expect(!equal("[", "{"))
        #expect(!equal("@", "`"))
    }
}
