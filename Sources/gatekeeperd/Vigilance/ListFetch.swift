internal import Gatekeeper

/// Looks at a list where it is kept. Waits for the other side, so it is asked on a thread of its own.
enum ListFetch {
    enum Outcome: Equatable, Sendable {
        case entries([AddressPrefix])
        /// The server or the name server can't be asked, or gives none: what was admitted stays.
        case unreachable(String)
        /// What came is nothing that may be admitted.
        case refused(String)
    }

    static let hostsMax = 8
    private static let milliseconds = 20_000

    static func fetch(_ source: ListSource) -> Outcome {
        switch source.way {
        case .url(let page): fetch(page)
        case .hosts(let name): judge(System.resolve(host: name, port: 0).map(\.address))
        }
    }

    private static func fetch(_ page: ListSource.Page) -> Outcome {
        guard let question = UpstreamQuestion(path: page.target, host: page.authority, bodyBytesMax: ListContent.bytesMax) else {
            return .unreachable("its address can't be asked for")
        }
        do throws(ServerError) {
            let hearing = try DryRun(.empty).ask(page.server, [question], milliseconds: milliseconds)
            guard let answer = hearing.answers.first else { return .unreachable(words(hearing.failure ?? "no_answer", page.server)) }
            return judge(answer, json: page.json)
        } catch {
            return .unreachable(error.description)
        }
    }

    private static func words(_ reason: String, _ server: Settings.Upstream.Server) -> String {
        switch reason {
        case "response_timeout": "it gave no answer within \(Quantity.describe(milliseconds: milliseconds))"
        case "closed_before_response": "it closed the connection without an answer"
        default: UpstreamTrouble(reason, server)?.cause ?? reason
        }
    }

    static func judge(_ answer: UpstreamAnswer, json: JSONPath?) -> Outcome {
        switch answer.status {
        case 200: break
        // Whoever can answer for the one place mustn't send us to another.
        case 300..<400:
            return .unreachable("it answered \(answer.status), and a redirect isn't followed: name the address that it leads to")
        default: return .unreachable("it answered \(answer.status)")
        }
        guard answer.isWhole else {
            return .refused("it is larger than \(Quantity.describe(bytes: ListContent.bytesMax)), or didn't come whole")
        }
        do throws(ValueMistake) {
            return .entries(try ListContent.read(answer.body, json: json))
        } catch {
            return .refused(error.message)
        }
    }

    /// Of the addresses that a name stands for.
    static func judge(_ addresses: [PeerAddress]) -> Outcome {
        guard !addresses.isEmpty else { return .unreachable("name servers have no address for it, or don't answer") }
        guard addresses.count <= hostsMax else {
            return .refused("it stands for \(addresses.count) addresses; at most \(hostsMax) are taken")
        }
        for address in addresses {
            if let objection = ListJudgement.objection(toHost: address) { return .refused(objection) }
        }
        let entries = Set(addresses).map { AddressPrefix($0) }
        return .entries(entries.sorted { ($0.address.high, $0.address.low) < ($1.address.high, $1.address.low) })
    }
}
