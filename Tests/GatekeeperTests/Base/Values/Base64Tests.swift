import Foundation
import Testing

@testable import Gatekeeper

struct Base64Tests {
    @Test("what is encoded is what Foundation makes of it, and is decoded again")
    func roundTrip() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            let text = Base64.encode(bytes)
            #expect(text == Data(bytes).base64EncodedString())
            #expect(Base64.decode(text.utf8) == bytes)
        }
    }

    @Test(
        "what has another spelling, or none, is refused",
        arguments: ["A", "AA", "AAA", "AA=", "AAA=A", "A===", "====", "=AAA", "AB==", "AAB=", "AA=A", "AA A", "AAA-", "AA==AAAA", "AAAA\n"])
    func refused(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }
}
