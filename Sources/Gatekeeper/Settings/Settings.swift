/// Everything the data plane can be told: the public face, in plain values.
///
/// The control plane reads files and flags into this; the data plane turns it into a `Snapshot`. Whoever builds one by hand gets the
/// defaults of the configuration reference.
public struct Settings: Sendable {
    public var listeners: [Listener]
    public var tls: TLS
    /// Who may connect. Empty means nobody.
    public var allow: [AllowEntry]
    public var onDeny: OnDeny = .reset
    /// Nil never raises it.
    public var shield: Shield? = Shield()
    public var upstream: Upstream
    /// The only requests that are let through; nil for all.
    public var routes: Routes?
    /// Let a request leave HTTP for a WebSocket; else `Upgrade` is refused.
    public var webSocket = false
    public var limits = Limits()
    public var timeouts = Timeouts()
    public var log = Log()
    /// Number of worker threads; nil is one for each processor that the process may use.
    public var workers: Int?

    public init(listeners: [Listener], tls: TLS, allow: [AllowEntry], upstream: Upstream) {
        self.listeners = listeners
        self.tls = tls
        self.allow = allow
        self.upstream = upstream
    }

    /// Of nobody who serves: to begin with, and for a `DryRun` that is only to ask.
    package static let empty = Settings(listeners: [], tls: TLS([]), allow: [], upstream: Upstream([]))

    /// An address and port to accept on. `[::]` accepts IPv4 as well.
    public struct Listener: Sendable, Equatable {
        public var address: SocketAddress
        /// Load balancers: they must announce whose connection it is (PROXY protocol), and that address is judged. Nobody else may.
        public var proxyProtocolFrom: [AddressPrefix] = []
        /// A PEM file of authorities of client certificates, in place of `TLS.clientAuthorityPath`.
        public var clientAuthorityPath: String?
        /// The address needn't be the machine's yet, or may be another's for a while (VRRP): it serves when it comes.
        public var isFree = false

        public init(address: SocketAddress) {
            self.address = address
        }
    }

    /// When the next entry of the allow-list ends that hasn't by `nowUnixSeconds`; nil when none will.
    public func nextEnd(afterUnixSeconds nowUnixSeconds: Int64) -> Int64? {
        allow.lazy.compactMap(\.endsAtUnixSeconds).filter { $0 > nowUnixSeconds }.min()
    }

    /// Where it is listened although the address may not be here.
    var freeAddresses: Set<SocketAddress> { Set(listeners.filter(\.isFree).map(\.address)) }

    public struct TLS: Sendable, Equatable {
        /// At least one. A peer is shown the one for the name that it asks for (SNI), the first one if there is none for it.
        public var certificates: [Certificate]
        /// Refuse handshakes that ask for no name of ours, and requests for another host.
        public var refusesUnknownNames = false
        public var minimumVersion: TLSVersion = .tls12
        /// A PEM file of authorities; every peer must then show a certificate of theirs.
        public var clientAuthorityPath: String?
        /// A PEM file of the revocation lists of these authorities, and of those of each listener; nil revokes nobody.
        public var clientRevocationPath: String?

        public init(_ certificates: [Certificate]) {
            self.certificates = certificates
        }

        public init(certificatePath: String, keyPath: String) {
            self.init([Certificate(path: certificatePath, keyPath: keyPath)])
        }

        public struct Certificate: Sendable, Equatable {
            /// Of a PEM file, leaf first.
            public var path: String
            /// Of a PEM file with the leaf's private key.
            public var keyPath: String
            /// The names of one that is ordered and needn't be there yet: until it is, handshakes for them are refused. Nil for one that
            /// has to be there.
            public var awaitedFor: [String]?
            /// Shown until it is there: files that were served before.
            public var standIn: StandIn?

            public init(path: String, keyPath: String, awaitedFor: [String]? = nil) {
                self.path = path
                self.keyPath = keyPath
                self.awaitedFor = awaitedFor
            }
        }
    }

    /// How a stranger is turned away.
    public enum OnDeny: String, Sendable, CaseIterable {
        /// RST at once; nothing stays behind in TIME_WAIT.
        case reset
        /// An orderly FIN.
        case close
        /// Nothing: the kernel ignores the packets of strangers. Recent kernels take CAP_NET_ADMIN for that.
        case drop
    }

    /// When the kernel ignores strangers for a while, though each is turned away otherwise.
    public struct Shield: Sendable, Equatable {
        /// Denials of addresses that aren't listed, over all workers.
        public var above = Rate(count: 1_000, perMilliseconds: 1_000)
        /// For how long there must be less than half as many packets before it is lowered.
        public var forMilliseconds = 60_000

        public init() {}
    }

    public struct Upstream: Sendable, Equatable {
        /// At least one; several stand in for each other.
        public var servers: [Server]
        public var order = Order.failover
        /// Asks regularly whether they answer; nil to learn it from requests alone.
        public var check: Check?
        /// To each of them, by all workers together.
        public var connectionsMax = 256
        /// Requests that may wait for one of these connections.
        public var queueMax = 10_000
        /// How long each of them may.
        public var queueMilliseconds = 10_000
        /// At most so many are kept idle by each worker. How many there are follows those in use: the ones that weren't needed for
        /// `idleTimeoutMilliseconds` are closed.
        public var idleConnectionsMax = 10_000
        public var idleTimeoutMilliseconds = 60_000
        /// Sent as `Host` in place of the client's; nil to keep that.
        public var host: String?
        public var clientAddress = ClientAddress()
        /// The ticket system reads every body that it is sent: its connections are used again behind a POST, PUT or PATCH with one.
        public var reusesAfterBody = false
        public var requestBuffering = RequestBuffering.auto
        public var spool = Spool()
        /// Pass on fields whose names hold `_`, but for those that CGI reads as a field that is ours to set or to judge.
        public var passesUnderscores = false

        public init(_ servers: [Server]) {
            self.servers = servers
        }

        public init(endpoint: Endpoint, name: String) {
            self.init([Server(endpoint: endpoint, name: name)])
        }

        /// One ticket system.
        public struct Server: Sendable, Equatable {
            public var endpoint: Endpoint
            /// The URL as written, for log lines.
            public var name: String
            /// Nil in clear.
            public var tls: TLS?

            public init(endpoint: Endpoint, name: String, tls: TLS? = nil) {
                self.endpoint = endpoint
                self.name = name
                self.tls = tls
            }
        }

        public enum Order: Sendable {
            /// The first that answers.
            case failover
            /// Each in turn.
            case roundRobin
        }

        /// A `GET` that a ticket system in order answers with a status below 500.
        public struct Check: Sendable, Equatable {
            public var path = "/"
            public var intervalMilliseconds = 10_000
            public var timeoutMilliseconds = 5_000

            public init() {}
        }

        /// How the ticket system is spoken with by TLS, and how it is known to be the ticket system.
        public struct TLS: Sendable, Equatable {
            /// Whom the certificate must be for: also what is asked for by SNI if it is a name. To an address, the host of the request is sent by SNI
            /// where a certificate of ours is for it.
            public var peer: Peer
            /// A PEM file of authorities; nil for the system's.
            public var authorityPath: String?
            /// SHA-256 hashes of public keys (SubjectPublicKeyInfo), one of which it must show. Without `authorityPath` they stand in for the
            /// chain and the name.
            public var pins: [[UInt8]] = []
            /// A certificate of ours, for a ticket system that asks for one.
            public var certificatePath: String?
            public var keyPath: String?

            public init(peer: Peer) {
                self.peer = peer
            }

            public enum Peer: Sendable, Equatable {
                case name(String)
                /// As text, without brackets.
                case address(String)
            }
        }

        /// What happens to request bodies that come without a length.
        public enum RequestBuffering: Sendable, Equatable {
            /// They are passed on in chunks as they come.
            case off
            /// Up to `autoBytesMax` they are collected and sent with their length, longer ones are passed on in chunks: many ticket systems read
            /// no chunks, or take small ones and cut long ones (Apache with php-fpm, above 16 KiB).
            case auto
            /// They are collected and sent with their length; larger ones are refused with 413.
            case upTo(Int)

            public static let autoBytesMax = 8 << 20
        }

        /// Where collected bodies lie that are too large for memory.
        public struct Spool: Sendable, Equatable {
            /// Of all requests together.
            public var totalBytesMax = 256 << 20
            public var folder = "/var/tmp"

            public init() {}
        }

        public enum Endpoint: Sendable, Equatable {
            case address(SocketAddress)
            /// Resolved off the data path, again every 60 s and after a connect failure.
            case host(String, port: UInt16)
            /// Path of a stream socket.
            case unix(String)
        }
    }

    public struct Routes: Sendable {
        public var routes: [Route]
        /// Let everything through, and only say in the log what would have been refused.
        public var isShadow = false

        public init(_ routes: [Route], isShadow: Bool = false) {
            self.routes = routes
            self.isShadow = isShadow
        }
    }

    public struct Limits: Sendable, Equatable {
        public var requestBodyBytesMax = 32 << 20
        /// Request line and fields together.
        public var headBytesMax = 16 << 10
        public var targetBytesMax = 8 << 10
        public var fieldsMax = 100
        /// In one chunk header, extensions included.
        public var chunkHeaderBytesMax = 256
        public var trailerBytesMax = 8 << 10
        /// What a client must send of a request's body, and take of a response, on average over each `Timeouts.bodyMilliseconds` that is spent
        /// waiting for it. 0 asks for a byte.
        public var bodyBytesPerSecondMin = 256
        /// After so many requests a connection is closed with the last answer.
        public var requestsPerConnectionMax = 100_000
        /// Requests in a row that a client sends without waiting for the answer before; the connection is closed with the answer to the last.
        public var pipelinedRequestsMax = 100
        public var connectionsMax = 10_000
        public var connectionsPerSourceMax = 1_000
        /// Requests of one source, over all its connections; nil for any number.
        public var requestsPerSource: Rate?
        /// Connections, each of which begins with a handshake, of one source; nil for any number.
        public var handshakesPerSource: Rate?

        public init() {}
    }

    public struct Timeouts: Sendable, Equatable {
        public var handshakeMilliseconds = 10_000
        public var headMilliseconds = 10_000
        public var bodyMilliseconds = 30_000
        public var idleMilliseconds = 75_000
        public var connectMilliseconds = 5_000
        public var responseMilliseconds = 60_000
        /// How long an answer may pause.
        public var streamMilliseconds = 60_000
        /// How long a WebSocket may be silent in both directions.
        public var tunnelMilliseconds = 600_000
        public var drainMilliseconds = 30_000
        /// How long new connections are still taken once the end is asked for, while `/readyz` says that it comes.
        public var leaveMilliseconds = 0
        /// How long what was sent may stay without an acknowledgement of the peer's kernel.
        public var unacknowledgedMilliseconds = 8_000
        /// How long an `Expect: 100-continue` waits for the upstream before we answer 100 ourselves.
        public var expectMilliseconds = 1_000

        public init() {}
    }

    public struct Log: Sendable, Equatable {
        /// Write a `request` line per exchange.
        public var access = true
        /// Write the query of a target too; off because queries carry keys.
        public var query = false
        public var format = Format.json
        /// What a request's line tells besides.
        public var fields: Fields = []
        /// Count which methods and path templates each label uses, for whoever keeps that.
        public var learns = false

        public struct Fields: OptionSet, Sendable {
            public let rawValue: UInt8

            public init(rawValue: UInt8) {
                self.rawValue = rawValue
            }

            /// What the client calls itself.
            public static let userAgent = Fields(rawValue: 1)
            /// What TLS agreed upon.
            public static let cipher = Fields(rawValue: 2)
            /// The trace that the request belongs to (W3C Trace Context).
            public static let trace = Fields(rawValue: 4)
        }

        /// How a line is written.
        public enum Format: String, CaseIterable, Sendable {
            /// One JSON object, for programs.
            case json
            /// One sentence with the facts that a reader looks for first, then `name=value` for the others.
            case text
        }

        public init() {}
    }
}
