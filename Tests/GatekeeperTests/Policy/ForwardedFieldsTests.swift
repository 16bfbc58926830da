import Testing

@testable import Gatekeeper

@Suite struct ForwardedFieldsTests {
    @Test("each field is written once, with one value")
    func written() {
        let buffer = Buffer(capacity: 512)
        let (peer, identifier, host) = (Array("192.0.2.1".utf8), Array("0123".utf8), Array("a.example:8443".utf8))
        ForwardedFields.write(
            ForwardedContext(peer: peer.span, requestID: identifier.span, defaultHost: Span()), host: host.span, into: buffer)
        let expected = """
            X-Forwarded-For: 192.0.2.1
            X-Real-IP: 192.0.2.1
            X-Forwarded-Proto: https
            X-Forwarded-Host: a.example:8443
            X-Forwarded-Port: 8443
            X-Request-Id: 0123

            """
        let text = String(decoding: FixtureReader.array(buffer.readable), as: UTF8.self)
        #expect(text.components(by: "\r\n").joined(separator: "\n") == expected)
    }

    @Test("every field that is written is one that is dropped from requests")
    func droppedFirst() {
        for name in ["x-forwarded-for", "x-real-ip", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-request-id"] {
            let bytes = Array(name.utf8)
            let known = KnownFieldNames.shared.field(FoldedText(bytes.span, 0, bytes.count))
            #expect(ForwardedFields.fields.contains(known), "\(name)")
        }
    }

    @Test(
        "whatever applications look for the client's address in is dropped from requests",
        arguments: [
            "Client-IP", "X-Client-IP", "True-Client-IP", "X-Cluster-Client-IP", "Fastly-Client-IP", "CF-Connecting-IP", "Forwarded",
            "Forwarded-For", "X-Forwarded", "X-Forwarded-For", "X-Real-IP",
        ])
    func addresses(name: String) {
        let bytes = Array(name.utf8)
        #expect(ForwardedFields.fields.contains(KnownFieldNames.shared.field(FoldedText(bytes.span, 0, bytes.count))))
    }
}
