import Testing

@testable import Gatekeeper

struct LoopMarkerTests {
    @Test("every process has one of its own, of 32 hexadecimal digits")
    func unique() {
        let markers = (1...100).map { _ in LoopMarker.make() }
        #expect(Set(markers).count == 100)
        for marker in markers { #expect(marker.utf8.count == 32 && marker.allSatisfy(\.isHexDigit)) }
    }

    @Test("a request is known by its own marker, beside those of other doors, and by no other's", arguments: [true, false])
    func known(isOwn: Bool) throws {
        let own = LoopMarker.make()
        let written = Buffer(capacity: 512)
        written.append("GET / HTTP/1.1\r\nHost: a\r\n")
        LoopMarker.write(LoopMarker.make().utf8.span, into: written)
        LoopMarker.write((isOwn ? own : LoopMarker.make()).utf8.span, into: written)
        LoopMarker.write(LoopMarker.make().utf8.span, into: written)
        written.append("\r\n")
        var fields = FieldTable()
        guard case .parsed = RequestHeadParser.parse(written.readable, limits: Settings.Limits(), into: &fields) else {
            Issue.record("not parsed")
            return
        }
        let (isKnown, isAny) = (
            LoopMarker.isIn(fields, written.readable, marker: own.utf8.span),
            LoopMarker.isIn(fields, written.readable, marker: "".utf8.span)
        )
        #expect(isKnown == isOwn)
        #expect(!isAny)
    }
}
