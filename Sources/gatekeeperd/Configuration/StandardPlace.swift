/// Where the service keeps things when the configuration doesn't say: what systemd made for it (`StateDirectory=`, `RuntimeDirectory=`), else
/// the usual folder, if somebody has made that. A service that an admin tries out in a shell leaves no traces.
enum StandardPlace {
    static func state(environment: (String) -> String? = Environment.value) -> String? {
        folder(environment("STATE_DIRECTORY"), else: "/var/lib/gatekeeper")
    }

    static func control(environment: (String) -> String? = Environment.value) -> String? {
        folder(environment("RUNTIME_DIRECTORY"), else: "/run/gatekeeper").map { _ in ControlPath.standard(environment: environment) }
    }

    private static func folder(_ named: String?, else usual: String) -> String? {
        // systemd lists several folders with colons between.
        if let first = named?.split(separator: ":").first { return String(first) }
        return FileContents.isFolder(usual) ? usual : nil
    }
}
