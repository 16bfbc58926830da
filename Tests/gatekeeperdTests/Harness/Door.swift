/// The shortest way to a test: an upstream with a script, the daemon in front of it, and a client that is admitted.
struct Door {
    let upstream: ScriptedUpstream
    let daemon: Daemon
    let client: RawClient

    /// - Parameter upstreamSettings: a line under `upstream:`; flags alone without.
    init(_ script: UpstreamScript, upstreamSettings: String? = nil) throws {
        upstream = try ScriptedUpstream(script)
        daemon =
            if let upstreamSettings {
                try Daemon(upstream: upstream.url, upstreamSettings: upstreamSettings, settings: "")
            } else {
                try Daemon(upstream: upstream.url)
            }
        client = try RawClient(to: daemon)
    }
}
