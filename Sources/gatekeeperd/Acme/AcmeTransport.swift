internal import Gatekeeper

/// How an authority is asked.
protocol AcmeTransport: Sendable {
    /// Waits for the answer, for a bounded time. Throws when there is none.
    func exchange(_ request: AcmeRequest) throws(AcmeError) -> UpstreamAnswer
}

struct AcmeRequest: Sendable {
    var url: AcmeURL
    /// As `AcmeSettings` has it.
    var authorityPath: String?
    /// Nil for a `GET`.
    var post: UpstreamQuestion.Post?
    /// Of the answer's body; a longer one isn't whole.
    var bodyBytesMax: Int
}

/// Where an authority has something: https, whatever the host.
struct AcmeURL: Equatable, Sendable {
    let text: String
    /// As `Host` has it.
    let authority: String
    /// Path and query.
    let target: String
    let server: Settings.Upstream.Server

    private static let bytesMax = 2048

    init(_ text: String) throws(AcmeError) {
        let scheme = "https://"
        guard text.utf8.count <= Self.bytesMax, text.hasPrefix(scheme), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x23 })
        else { throw Self.refusal(text) }
        let rest = text.dropFirst(scheme.count)
        let end = rest.firstIndex { "/?".contains($0) } ?? rest.endIndex
        guard let url = try? UpstreamURL(scheme + rest[..<end], directory: "") else { throw Self.refusal(text) }
        self.text = text
        authority = String(rest[..<end])
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
        server = url.server
    }

    private static func refusal(_ text: String) -> AcmeError {
        AcmeError(.answer, "the authority gives \(Quantity.quoted(text)) as an address, which is no https URL; is the directory right?")
    }
}

/// Asks by our own HTTP and TLS, a connection each time.
struct AcmeHTTPS: AcmeTransport {
    private static let milliseconds = 20_000

    func exchange(_ request: AcmeRequest) throws(AcmeError) -> UpstreamAnswer {
        let url = request.url
        var server = url.server
        server.tls?.authorityPath = request.authorityPath
        guard
            let question = UpstreamQuestion(
                path: url.target, host: url.authority, bodyBytesMax: request.bodyBytesMax, post: request.post)
        else { throw AcmeError(.answer, "\(url.authority) can't be asked: what it gave can't stand in a request") }
        let hearing: UpstreamHearing
        do throws(ServerError) {
            hearing = try DryRun(.empty).ask(server, [question], milliseconds: Self.milliseconds)
        } catch {
            throw AcmeError(.unreachable, "\(url.authority) can't be asked: \(error)")
        }
        guard let answer = hearing.answers.first else { throw Self.failure(hearing.failure ?? "no_answer", server, url) }
        return answer
    }

    private static func failure(_ reason: String, _ server: Settings.Upstream.Server, _ url: AcmeURL) -> AcmeError {
        let (cause, cure) =
            switch reason {
            case "response_timeout":
                ("it gave no answer within \(Quantity.describe(milliseconds: milliseconds))", "it is tried again by itself")
            case "closed_before_response": ("it closed the connection without an answer", "it is tried again by itself")
            case "upstream_certificate_untrusted":
                (
                    "nobody who is trusted vouches for its certificate",
                    "name its authority by directory_ca, or look at the ca-certificates package"
                )
            case let reason where reason.hasPrefix("upstream_certificate"):
                (UpstreamTrouble(reason, server)?.cause ?? reason, "look at the directory's address and at this machine's clock")
            default:
                (
                    UpstreamTrouble(reason, server)?.cause ?? reason,
                    "look at the directory's address, and at this machine's way to it (name server, firewall)"
                )
            }
        return AcmeError(.unreachable, "\(url.authority) can't be asked: \(cause); \(cure)")
    }
}
