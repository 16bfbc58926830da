/// Keys that have a flag of their own on the command line of `run`; `--set` reaches the others.
extension Schema {
    static let flags: [(name: String, path: String)] = [
        ("--listen", "listen"), ("--certificate", "tls.certificate"), ("--key", "tls.key"), ("--allow", "allow"),
        ("--upstream", "upstream.url"), ("--on-deny", "on_deny"), ("--log", "log.to"),
    ]

    /// The flag of a key, nil if it has none.
    static func flag(for path: String) -> String? { flags.first { $0.path == path }?.name }
}
