extension Settings.TLS.Certificate {
    /// What is shown until a certificate that is ordered has come.
    public struct StandIn: Sendable, Equatable {
        public var path: String
        public var keyPath: String

        public init(path: String, keyPath: String) {
            self.path = path
            self.keyPath = keyPath
        }
    }
}
