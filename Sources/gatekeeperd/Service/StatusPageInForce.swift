internal import Gatekeeper

/// Where the status page is served, from one configuration to the next.
final class StatusPageInForce {
    private let plane: any DataPlane
    /// Nil where nobody asked for a page.
    private var listener: StatusListener?

    init(on plane: any DataPlane) {
        self.plane = plane
    }

    /// A listener for these settings; nil when none is needed, or the one that is there serves them too.
    ///
    /// - Parameter isTakingOver: the process that this one replaces listens there yet.
    static func open(
        _ settings: StatusSettings?, after current: StatusListener? = nil, isTakingOver: Bool = false
    ) throws(ServerError) -> StatusListener? {
        guard let settings, settings.address != current?.wanted else { return nil }
        let isBesideOurs = current?.address.overlaps(settings.address) ?? false
        return try StatusListener(on: settings.address, gate: StatusGate(token: settings.token), isShared: isTakingOver || isBesideOurs)
    }

    /// Likewise, after the one that is there.
    func open(_ settings: StatusSettings?) throws(ServerError) -> StatusListener? { try Self.open(settings, after: listener) }

    /// Serves the page by these settings from now on; `opened` is their listener, if it is another.
    func serve(_ settings: StatusSettings?, on opened: StatusListener?) {
        guard let settings else { return listener = nil }
        if let opened {
            if let listener { opened.takeReaders(of: listener) }
            listener = opened
            plane.event("status_page", [JournalField("address", "\(opened.address)")])
        }
        listener?.admit(by: StatusGate(token: settings.token))
    }

    /// What it is bound to.
    var address: SocketAddress? { listener?.address }
    /// Readable when `turn` has something to do.
    var number: Int32? { listener?.number }
    /// When to call `turn` even if nothing is readable.
    var nextDeadline: Instant? { listener?.nextDeadline }

    /// Lets readers ask and have their answers; never waits.
    func turn(_ service: some ObservedService, by clock: ControlClock) {
        listener?.turn(service, by: clock)
    }

    /// Accepts nothing more, because another process does.
    func stop() { listener?.stop() }
}
