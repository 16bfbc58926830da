/// What gatekeeperd(8) says beyond its commands.
extension Manual {
    typealias Entry = (term: String, text: String)

    static let introduction = [
        """
        A connection is admitted or turned away by its address alone, before a byte of it is read. What is admitted speaks TLS and HTTP/1.1; \
        its requests are read strictly and passed on to the ticket system.
        """,
        """
        Commands speak to the running service over its control socket. Root may, and members of the group `gatekeeper`. Whatever changes \
        something is in the log with the user who asked for it.
        """,
    ]

    static let files: [Entry] = [
        (Configuration.defaultPath, "The configuration: gatekeeper.yaml(5)."),
        ("/run/gatekeeper/control.sock", "The control socket, unless `control` names another."),
        (
            "/var/lib/gatekeeper",
            "Grants, denials, traffic and requests, a lockdown, accepted lists, a configuration on trial, unless `state` names another folder."
        ),
        ("/var/log/gatekeeper", "Where the service of the package may write, if `log.to` names a file. Otherwise lines go to the journal."),
    ]

    static let signals: [Entry] = [
        ("SIGHUP", "Reads the configuration again. `gatekeeperd reload` does the same and says what came of it."),
        (
            "SIGTERM, SIGINT, SIGQUIT",
            "Takes no more connections, finishes what runs within `timeouts.drain`, and exits 0. A second one ends at once."
        ),
        ("SIGUSR1", "Opens the log file again, after it was rotated."),
        ("SIGUSR2", "Hands over to the binary that lies in this one's place now, without refusing a connection."),
    ]

    static let statuses: [Entry] = [
        ("0", "Done; for the service, after it has finished what ran."),
        ("1", "Anything else, as that no service runs."),
        ("2", "A mistake in the command line or in the configuration: trying again without a change is of no use."),
        (
            "3",
            "`explain`: the address or a request would be turned away. `doctor`: something was found. `outbound`: something can't be "
                + "reached. `routes`: there is nothing to propose, or something would have been refused."
        ),
        ("0 to 3", "`status --nagios`: OK, WARNING, CRITICAL and UNKNOWN."),
    ]

    static let environment: [Entry] = [
        ("NAME", "What the configuration refers to as `${NAME}`; shown nowhere."),
        ("RUNTIME_DIRECTORY, STATE_DIRECTORY", "Where control socket and state are unless the configuration says; systemd sets them."),
        ("LISTEN_FDS, LISTEN_PID", "Sockets that systemd has opened."),
        ("NOTIFY_SOCKET, WATCHDOG_USEC", "How systemd is told that the service runs."),
    ]
}
