/// What a forwarded request says about where it came from. Borrows its texts, so it lives as long as one call.
package struct ForwardedContext: ~Escapable {
    /// The client's address as text, without port or brackets.
    package let peer: Span<UInt8>
    /// What identifies this exchange in logs on both sides.
    package let requestID: Span<UInt8>
    /// The `Host` to send where the client sent none (HTTP/1.0).
    package let defaultHost: Span<UInt8>
    /// The `Host` to send whatever the client sent; empty to keep the client's.
    package let fixedHost: Span<UInt8>
    /// What tells us this request if it comes round; empty for none.
    package let loopMarker: Span<UInt8>

    /// The texts hold no control characters: they are ours, or come from a parsed head.
    @_lifetime(copy peer, copy requestID, copy defaultHost, copy fixedHost, copy loopMarker)
    package init(
        peer: Span<UInt8>, requestID: Span<UInt8>, defaultHost: Span<UInt8>, fixedHost: Span<UInt8> = Span(),
        loopMarker: Span<UInt8> = Span()
    ) {
        self.peer = peer
        self.requestID = requestID
        self.defaultHost = defaultHost
        self.fixedHost = fixedHost
        self.loopMarker = loopMarker
    }
}
