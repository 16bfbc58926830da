/// The shortest way to a test: an upstream with a script, the daemon in front of it, and a client that is admitted.
struct Door {
    let upstream: ScriptedUpstream
    let daemon: Daemon
    let client: RawClient

    init(_ script: UpstreamScript) throws {
        upstream = try ScriptedUpstream(script)
        daemon = try Daemon(upstream: upstream.url)
        client = try RawClient(to: daemon)
    }
}
