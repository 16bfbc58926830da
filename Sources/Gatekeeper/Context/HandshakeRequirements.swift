/// What a connection has to show before its first request: as long as it is equal, connections that were judged by one configuration may go on
/// under the next.
struct HandshakeRequirements: Equatable, Sendable {
    private let minimumVersion: TLSVersion
    private let refusesUnknownNames: Bool
    private let clientFiles: [String?]
    /// Authorities and their lists may be replaced under the same path.
    private let files: [FileStamp?]
    private let balancers: [[AddressPrefix]]

    init(_ settings: Settings) {
        minimumVersion = settings.tls.minimumVersion
        refusesUnknownNames = settings.tls.refusesUnknownNames
        clientFiles =
            [settings.tls.clientAuthorityPath, settings.tls.clientRevocationPath] + settings.listeners.map(\.clientAuthorityPath)
        files = clientFiles.map { $0.flatMap(FileStamp.init) }
        balancers = settings.listeners.map(\.proxyProtocolFrom)
    }
}
