/// Attempts at how a ticket system is shown clients.
extension DryRun {
    /// What a ticket system makes of a PROXY header.
    package enum ProxyProtocolOutcome: Sendable {
        case understood
        /// It answers without one, and not with one.
        case notUnderstood
        /// It answers neither way, or with 400 both ways.
        case unclear
    }

    /// What a connection that comes from a client's address has come to.
    package enum TransparencyOutcome: Sendable, Equatable {
        case answered
        /// Nothing there listens to us either; the log's word.
        case noAnswer(String)
        /// Neither CAP_NET_RAW nor CAP_NET_ADMIN is there, or what else the system has said.
        case notPermitted(String)
        case otherFamily
        case noWayBack
    }

    /// Asks once behind a header and, if need be, once without.
    ///
    /// - Parameters:
    ///   - path: of a `GET` that any answer but 400 is good for.
    ///   - milliseconds: for each connection, and for each answer, at most.
    package func tryProxyProtocol(of server: Settings.Upstream.Server, path: String, milliseconds: Int) throws(ServerError)
        -> ProxyProtocolOutcome
    {
        if try answers(server, path: path, milliseconds: milliseconds, introduced: .v2) { return .understood }
        return try answers(server, path: path, milliseconds: milliseconds, introduced: .off) ? .notUnderstood : .unclear
    }

    private func answers(
        _ server: Settings.Upstream.Server, path: String, milliseconds: Int, introduced: Settings.Upstream.ProxyProtocol
    ) throws(ServerError) -> Bool {
        var clientAddress = Settings.Upstream.ClientAddress()
        clientAddress.proxyProtocol = introduced
        let host = settings.upstream.host ?? ownName
        let connectMilliseconds = min(milliseconds, settings.timeouts.connectMilliseconds)
        return try visit(server, showing: clientAddress) { pool, waiter, loop in
            guard let question = UpstreamQuestion(path: path, host: host ?? pool.target.authority) else { return false }
            let probe = UpstreamProbe(
                pool: pool, waiter: waiter, loop: loop, connectMilliseconds: connectMilliseconds, answerMilliseconds: milliseconds)
            if case .answered(let answer) = await probe.ask(question) { return answer.status != 400 }
            return false
        }
    }

    /// Connects once as if `client` did, and closes the connection.
    package func tryTransparency(to server: Settings.Upstream.Server, from client: PeerAddress) throws(ServerError) -> TransparencyOutcome {
        let connectMilliseconds = settings.timeouts.connectMilliseconds
        let name = ownName
        return try visit(server) { pool, waiter, loop in
            let outcome = await pool.dial(
                waiter: waiter, on: loop, timeoutMilliseconds: connectMilliseconds, serverName: name, showing: ShownClient(client))
            switch outcome {
            case .connected(let connection):
                connection.close()
                return .answered
            case .untransparent(let failure): return TransparencyOutcome(failure)
            case .failed, .untrusted, .timedOut, .noneHealthy, .queueFull, .queueTimedOut, .aborted:
                return .noAnswer(outcome.reason.map { "\($0)" } ?? "aborted")
            }
        }
    }
}

extension DryRun.TransparencyOutcome {
    init(_ failure: TransparencyFailure) {
        self =
            switch failure {
            case .notPermitted(let code): .notPermitted(System.describe(code))
            case .otherFamily: .otherFamily
            case .noWayBack: .noWayBack
            }
    }
}
