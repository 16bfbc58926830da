/// Where the service keeps things when the configuration doesn't say: what systemd made for it (`StateDirectory=`, `RuntimeDirectory=`), else
/// the usual folder, if somebody has made that. A service that an admin tries out in a shell leaves no traces.
enum StandardPath {
    /// What outlives the service, as the package has it.
    static let usualState = "/var/lib/gatekeeper"

    static func state(environment: (String) -> String? = Environment.value) -> String? {
        folder(environment("STATE_DIRECTORY"), else: usualState)
    }

    static func control(environment: (String) -> String? = Environment.value) -> String? {
        folder(environment("RUNTIME_DIRECTORY"), else: "/run/gatekeeper").map { _ in controlSocket(environment: environment) }
    }

    /// Where the control socket is, whether its folder is there or not: in the one that systemd made for the service (`RuntimeDirectory=`),
    /// else in the usual one.
    static func controlSocket(environment: (String) -> String? = Environment.value) -> String {
        // systemd lists several folders with colons between.
        let folder = environment("RUNTIME_DIRECTORY")?.split(separator: ":").first.map(String.init) ?? "/run/gatekeeper"
        return folder + "/control.sock"
    }

    private static func folder(_ named: String?, else usual: String) -> String? {
        // systemd lists several folders with colons between.
        if let first = named?.split(separator: ":").first { return String(first) }
        return FileContents.isFolder(usual) ? usual : nil
    }
}
