extension DryRun {
    /// The listener of ours that an upstream leads to: at the same port, on that address, or on every address where that one is this machine's.
    ///
    /// Asks the system for a name's addresses, and may wait for that. A way back through another machine isn't seen; `loop` tells it at run time.
    package func listener(reachedBy server: Settings.Upstream.Server) -> SocketAddress? {
        let targets: [SocketAddress] =
            switch server.endpoint {
            case .address(let address): [address]
            case .host(let host, let port): System.resolve(host: host, port: port)
            case .unix: []
            }
        for listener in settings.listeners.map(\.address) where targets.contains(where: { Self.reaches(listener, from: $0) }) {
            return listener
        }
        return nil
    }

    private static func reaches(_ listener: SocketAddress, from target: SocketAddress) -> Bool {
        guard listener.port == target.port, listener.port != 0 else { return false }
        // Who connects to no address in particular gets this machine's own.
        let any4 = PeerAddress(ipv4: 0)
        let isAny = target.address.isUnspecified || target.address == any4
        if listener.address == target.address { return true }
        let accepts = listener.address.isUnspecified || listener.address == any4 && target.address.isIPv4
        return accepts && (isAny || System.isOwn(target.address)) || isAny && System.isOwn(listener.address)
    }
}
