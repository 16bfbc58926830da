internal import Gatekeeper
internal import Glibc

/// As whom a command looks at a configuration.
///
/// ```
///   root, a unit is installed ─▶ a child that has become the unit's user for good looks, and its answer is the answer
///   root with --user NAME     ─▶ likewise, as NAME
///   anybody else              ─▶ looks himself
/// ```
struct Onlooker: Sendable {
    /// Who looks: `gatekeeper (cap_net_bind_service), as … has it`.
    var text: String
    /// The service's, in a child that has become its user; nil for whoever looks for himself.
    var identity: ServiceIdentity?
    var isRoot: Bool { identity == nil ? UserName.ownUser == 0 : identity?.userNumber == 0 }

    /// Hands the identity to the child.
    private static let variable = "GATEKEEPER_LOOK_AS"

    /// Whoever this process is.
    static var own: Onlooker {
        let user = UserName.ownUser
        return Onlooker(text: UserName.of(user) ?? "user \(user)")
    }

    /// In a child: becomes whom the parent has named. Nil in a process of its own.
    static func adopted() throws(ValueMistake) -> Onlooker? {
        guard let text = Environment.value(of: variable) else { return nil }
        guard let identity = JSONReader.read(Array(text.utf8)).flatMap({ ServiceIdentity($0) }) else {
            throw ValueMistake("\(variable) is set, but not by gatekeeperd")
        }
        do throws(SystemError) {
            try PrivilegeDrop.become(identity.process)
        } catch {
            throw ValueMistake("cannot look as the service would: \(error)")
        }
        return Onlooker(text: identity.text, identity: identity)
    }

    /// Who is to look instead of this process: nil where it looks itself.
    ///
    /// - Parameter user: whom the admin has named.
    static func identity(named user: String?) throws(ValueMistake) -> ServiceIdentity? {
        guard UserName.ownUser == 0 else {
            guard let user, AccountDatabase.user(user)?.number != UserName.ownUser else { return nil }
            throw ValueMistake("only root can look as another user")
        }
        let unit = UnitFile.installed()
        guard unit != nil || user != nil else { return nil }
        let identity = try ServiceIdentity(unit, user: user)
        // Root with everything is who looks anyway.
        return identity.userNumber == 0 && user != nil ? nil : identity
    }

    /// Has a child look, and returns its exit status; its answer goes where ours would.
    static func look(as identity: ServiceIdentity, arguments: [String], output: Program.Streams) throws(SystemError) -> Int32 {
        guard let program = Program.ownPath() else { throw SystemError("find this program's file", code: ENOENT) }
        // What a service gets from systemd, and nothing that an admin's shell has.
        var environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        environment += ["LANG", "TERM"].compactMap { name in Environment.value(of: name).map { "\(name)=\($0)" } }
        environment = Environment.settled(environment + identity.environment)
        environment.append("\(variable)=\(identity.json.text)")
        let child = try Program.start(program, [program] + arguments, environment: environment, streams: output)
        return try Program.wait(for: child, called: "the check")
    }
}
