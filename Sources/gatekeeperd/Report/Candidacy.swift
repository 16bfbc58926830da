internal import Gatekeeper

/// Somebody's place among the candidates of one silent source.
struct Candidacy: Equatable, Sendable {
    var label: String
    /// From 1, the likeliest.
    var rank: Int
    var reason: String

    var text: String { "candidate \(rank) for \(label): \(reason)" }

    var json: JSON { .object(of: ("label", .string(label)), ("rank", .number(rank)), ("why", .string(reason))) }

    /// By their addresses; one may be a candidate of several sources.
    static func all(of silences: [Silence]) -> [PeerAddress: [Candidacy]] {
        var all: [PeerAddress: [Candidacy]] = [:]
        for silence in silences {
            for (index, candidate) in silence.candidates.enumerated() {
                all[candidate.address, default: []].append(
                    Candidacy(label: silence.label, rank: index + 1, reason: candidate.reason))
            }
        }
        return all
    }
}
