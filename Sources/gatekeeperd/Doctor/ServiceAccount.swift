/// What the running service tells, or what one that doesn't run has left.
struct ServiceAccount: Equatable, Sendable {
    var state: Result<ServiceState, ControlFailure>
    var denials: Result<DenialTally, ControlFailure>
    /// Of the last hour; nil where that can't be told apart.
    var lastHour: DenialTally?

    private static let patienceMilliseconds = 3_000

    /// - Parameter statePath: the folder of the ledger, where no service is there to be asked.
    static func read(controlPath: String?, statePath: String?, at now: WallTime) -> ServiceAccount {
        let state = Result { () throws(ControlFailure) in try ask(controlPath, .status) }.flatMap { status in
            ServiceState(status).map(Result.success) ?? .failure(ControlFailure(.version, "the service's answer isn't understood"))
        }
        var denials = Result { () throws(ControlFailure) in DenialTally(try ask(controlPath, .denials(.usual))) }
        if case .failure(let failure) = denials, failure.code == .absent, let statePath {
            denials = Result { () throws(ControlFailure) in try left(in: statePath, at: now, instead: failure) }
        }
        var account = ServiceAccount(state: state, denials: denials)
        account.lastHour = try? DenialTally(ask(controlPath, .denials(.lastHour)))
        if account.lastHour == nil, let statePath, case .success = denials {
            account.lastHour = try? DenialTally(LedgerReading.denials(.lastHour, folder: statePath, at: now).json)
        }
        return account
    }

    private static func ask(_ path: String?, _ request: ControlRequest) throws(ControlFailure) -> JSON {
        guard let path else { throw ControlFailure(.absent, "the configuration names no control socket") }
        return try ControlClient(path: path, timeoutMilliseconds: patienceMilliseconds).ask(request).result
    }

    private static func left(in folder: String, at now: WallTime, instead absence: ControlFailure) throws(ControlFailure) -> DenialTally {
        do throws(LedgerError) {
            return DenialTally(try LedgerReading.denials(.usual, folder: folder, at: now).json)
        } catch {
            throw ControlFailure(.unavailable, "\(absence.message), and \(error)")
        }
    }
}
