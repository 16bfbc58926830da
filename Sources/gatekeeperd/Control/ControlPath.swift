/// Where the control socket is.
enum ControlPath {
    /// What a configuration file says under `control`, and the usual path where it says nothing.
    static func configured(
        in file: String, environment: (String) -> String? = ConcealedValues.value
    ) throws(ControlFailure) -> String {
        try ConfiguredPath.value(of: "control", in: file, what: "a socket", environment: environment)
            ?? StandardPath.controlSocket(environment: environment)
    }
}
