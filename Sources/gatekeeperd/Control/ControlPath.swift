/// Where the control socket is.
enum ControlPath {
    /// Without a word in the configuration: in the folder that systemd made for the service (`RuntimeDirectory=`), else the usual one.
    static func standard(environment: (String) -> String? = Environment.value) -> String {
        // systemd lists several folders with colons between.
        let folder = environment("RUNTIME_DIRECTORY")?.split(separator: ":").first.map(String.init) ?? "/run/gatekeeper"
        return folder + "/control.sock"
    }

    /// What a configuration file says under `control`, and `standard` where it says nothing.
    static func configured(
        in file: String, environment: (String) -> String? = ConcealedValues.value
    ) throws(ControlFailure) -> String {
        try ConfiguredPath.value(of: "control", in: file, what: "a socket", environment: environment)
            ?? standard(environment: environment)
    }
}
