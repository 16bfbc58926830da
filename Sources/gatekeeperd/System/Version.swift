/// The version that `--version` and log lines say.
enum Version {
    static let current = "0.2.0"
}
