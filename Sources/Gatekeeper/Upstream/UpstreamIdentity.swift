/// What the connections to the ticket systems depend on: as long as it is equal, a new configuration keeps them, their health and their queue.
struct UpstreamIdentity: Equatable, Sendable {
    private let settings: Settings.Upstream
    private let connectMilliseconds: Int
    /// Authorities, certificates and keys may be replaced under the same path.
    private let files: [FileStamp?]

    init(_ settings: Settings.Upstream, connectMilliseconds: Int) {
        self.settings = settings
        self.connectMilliseconds = connectMilliseconds
        files = settings.servers.flatMap { server in
            [server.tls?.authorityPath, server.tls?.certificatePath, server.tls?.keyPath].map { $0.flatMap(FileStamp.init) }
        }
    }
}
