internal import Gatekeeper

/// One ticket system, as far as it lets itself be asked.
struct TicketSystem: Equatable, Sendable {
    var server: Settings.Upstream.Server
    /// What its name stands for, or its address; none for a UNIX socket.
    var addresses: [SocketAddress] = []
    /// In the order in which they were asked for; the first is `/`.
    var answers: [Answer] = []
    /// For whom it was asked.
    var client: PeerAddress?
    /// Why not everything was answered.
    var obstacle: String?
    /// What is wrong with how its connections begin; nil where that isn't known to be at fault.
    var introduction: IntroductionMistake?

    enum IntroductionMistake: Equatable, Sendable {
        /// It gets a PROXY header, and answers only without one.
        case unread
        /// It gets none, and answers only behind one.
        case missing
    }

    struct Answer: Equatable, Sendable {
        var path: String
        var answer: UpstreamAnswer
    }

    var name: String { server.name }

    /// Whom it takes for the client, where it has an address.
    var ownAddress: PeerAddress? { answers.lazy.compactMap(\.answer.ownAddress).first }

    /// On this host, by what is known: a connection to an address of one's own comes from that address.
    func isOnThisHost(_ address: PeerAddress) -> Bool { AddressScope(address) == .loopback || address == ownAddress }

    private static let answerMilliseconds = 5_000
    /// Enough for a page's title and for an error in words.
    private static let bodyBytesMax = 8 << 10

    init(_ server: Settings.Upstream.Server, addresses: [SocketAddress] = [], answers: [Answer] = [], obstacle: String? = nil) {
        self.server = server
        self.addresses = addresses
        self.answers = answers
        self.obstacle = obstacle
    }

    /// Asks it for `/` and for each of `paths`, as a client that was told to use `publicHost` and has the address `client`.
    static func ask(
        _ server: Settings.Upstream.Server, paths: [String], host: String?, publicHost: String?, client: PeerAddress? = nil,
        by settings: Settings
    ) -> TicketSystem {
        let host = host ?? publicHost ?? authority(of: server.endpoint)
        let questions = (["/"] + paths).compactMap { path in
            UpstreamQuestion(path: path, host: host, publicHost: publicHost, client: client, bodyBytesMax: bodyBytesMax).map {
                (path: path, $0)
            }
        }
        var system = TicketSystem(server)
        system.client = client
        do throws(ServerError) {
            let hearing = try DryRun(settings).ask(server, questions.map(\.1), milliseconds: answerMilliseconds)
            system.addresses = hearing.addresses
            system.answers = zip(questions, hearing.answers).map { Answer(path: $0.path, answer: $1) }
            system.obstacle = hearing.failure
            if hearing.answers.first.map({ $0.status == 400 }) ?? (hearing.failure == "closed_before_response") {
                system.introduction = try introductionMistake(of: server, by: settings)
            }
        } catch {
            system.obstacle = error.advised
        }
        return system
    }

    private static func introductionMistake(
        of server: Settings.Upstream.Server, by settings: Settings
    ) throws(ServerError) -> IntroductionMistake? {
        let outcome = try DryRun(settings).tryProxyProtocol(of: server, path: "/", milliseconds: answerMilliseconds)
        return switch (settings.upstream.clientAddress.proxyProtocol, outcome) {
        case (.v2, .notUnderstood): .unread
        case (.off, .understood): .missing
        default: nil
        }
    }

    /// As a client writes it that knows no other name.
    private static func authority(of endpoint: Settings.Upstream.Endpoint) -> String {
        switch endpoint {
        case .address(let address): address.description
        case .host(let name, let port): "\(name):\(port)"
        case .unix: "localhost"
        }
    }
}
