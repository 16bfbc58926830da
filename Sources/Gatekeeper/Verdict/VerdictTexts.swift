/// The texts of an exchange's log line. Borrows them, so it lives as long as one call; what is empty isn't written.
package struct VerdictTexts: ~Escapable {
    package let id: Span<UInt8>
    package let method: Span<UInt8>
    /// With or without its query, as `log.query` says.
    package let path: Span<UInt8>
    /// The upstream's name; empty if none was chosen.
    package let upstream: Span<UInt8>
    /// What the client called us.
    package let host: Span<UInt8>
    /// Fields that didn't go on, as `DroppedFields` tells them.
    package let dropped: Span<UInt8>
    /// What `log.fields` asks for besides.
    package let userAgent: Span<UInt8>
    package let cipher: Span<UInt8>
    package let trace: Span<UInt8>

    @_lifetime(copy id, copy method, copy path, copy upstream, copy host, copy dropped, copy userAgent, copy cipher, copy trace)
    package init(
        id: Span<UInt8>, method: Span<UInt8>, path: Span<UInt8>, upstream: Span<UInt8>, host: Span<UInt8> = Span(),
        dropped: Span<UInt8> = Span(), userAgent: Span<UInt8> = Span(), cipher: Span<UInt8> = Span(), trace: Span<UInt8> = Span()
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.upstream = upstream
        self.host = host
        self.dropped = dropped
        self.userAgent = userAgent
        self.cipher = cipher
        self.trace = trace
    }

    /// Whether there is any of those that few lines have.
    var hasRare: Bool { !(dropped.isEmpty && userAgent.isEmpty && cipher.isEmpty && trace.isEmpty) }
}
