internal import Gatekeeper

/// Where an authority's validators find what they look for.
protocol ChallengeBoard: AnyObject, Sendable {
    /// Shows these in place of those before, from the moment that this returns.
    func show(_ challenges: [PendingChallenge]) throws(ServerError)
    /// Shows nothing any more.
    func clear()
}

/// A program of the admin's that puts records into the DNS: `PROGRAM present FQDN VALUE` and `PROGRAM cleanup FQDN VALUE`, as lego's provider `exec`
/// calls it. It returns when the record can be seen.
struct RecordProgram: Sendable {
    let path: String

    struct Record: Equatable, Sendable {
        /// With the dot at its end.
        var name: String
        var value: String
    }

    private static let milliseconds = 180_000
    private static let saidBytesMax = 4 << 10

    func present(_ record: Record) throws(AcmeError) { try run("present", record) }

    func cleanUp(_ record: Record) throws(AcmeError) { try run("cleanup", record) }

    private func run(_ verb: String, _ record: Record) throws(AcmeError) {
        let ending: Program.Ending
        do throws(SystemError) {
            ending = try Program.run(
                path, [verb, record.name, record.value], input: [], milliseconds: Self.milliseconds, outputBytesMax: Self.saidBytesMax)
        } catch {
            throw AcmeError(.program, "cannot \(error); correct the path of challenge, or its mode")
        }
        let subject = "\(path) \(verb) \(record.name)"
        switch ending {
        case .exited(0, _): return
        case .exited(let status, let said):
            let line = String(decoding: said.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            let words = line.isEmpty ? "" : " and says “\(AcmeProblem.bounded(line.replacing(record.value, with: "…")))”"
            throw AcmeError(.program, "\(subject) exits with \(status)\(words); run it by hand as the service's user")
        case .killed:
            throw AcmeError(
                .program, "\(subject) ran longer than \(Quantity.describe(milliseconds: Self.milliseconds)) and was killed; run it by hand")
        }
    }
}
