internal import Gatekeeper

/// What the service's user sees, where root looks: a key that root can read is none to a service that can't.
struct ServiceView: Equatable, Sendable {
    var identity: ServiceIdentity
    /// The errors that a check by that user finds; nil where there was none to be had.
    var errors: [String]?
    /// Why not.
    var obstacle: String?

    /// Has a child look that has become the service's user for good.
    init(as identity: ServiceIdentity, arguments: [String]) {
        self.identity = identity
        do {
            let folder = try PrivateFolder(temporaryNamed: "gatekeeper-doctor")
            _ = try Onlooker.look(as: identity, arguments: arguments, output: .file(folder.file("answer")))
            let answer = try FileContents.read(folder.file("answer"), bytesMax: Self.answerBytesMax)
            errors = answer.split(separator: UInt8(ascii: "\n")).lazy.compactMap { JSONReader.read(Array($0)) }.first.flatMap(Self.errors)
            if errors == nil { obstacle = "the check as \(identity.user) gave no answer" }
        } catch {
            obstacle = "cannot \(error)"
        }
    }

    init(identity: ServiceIdentity, errors: [String]?, obstacle: String? = nil) {
        self.identity = identity
        self.errors = errors
        self.obstacle = obstacle
    }

    private static let answerBytesMax = 4 << 20
    /// Further ones are told by `check`.
    private static let errorsMax = 5

    private static func errors(_ answer: JSON) -> [String]? {
        guard case .array(let findings)? = answer["findings"] else { return nil }
        return findings.filter { $0.string("severity") == "error" }.compactMap { $0.string("message") }
    }

    /// Where nobody can look as the service's user, for the service couldn't be started as him.
    static func finding(_ mistake: ValueMistake) -> ExaminationFinding {
        .wrong(
            .service, "the service can't start, or can't be started again: \(mistake.message)",
            advice: "`gatekeeperd check` says the same, and all else once that is mended")
    }

    var findings: [ExaminationFinding] {
        guard let errors else { return [.unexamined(.service, obstacle ?? "the service's user couldn't be asked")] }
        return errors.prefix(Self.errorsMax).map { error in
            .wrong(
                .service, "as \(identity.user) the service can't start, or can't be started again: \(error)",
                advice: "`gatekeeperd check` tells all of it, and what to do")
        }
    }
}
