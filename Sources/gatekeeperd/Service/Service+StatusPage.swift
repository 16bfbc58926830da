internal import Gatekeeper

/// Where the status page is served, from one configuration to the next.
extension Service {
    /// A listener for these settings; nil when none is needed, or the one that is there serves them too.
    ///
    /// - Parameter isTakingOver: the process that this one replaces listens there yet.
    static func openStatusPage(
        _ settings: StatusSettings?, after current: StatusListener? = nil, isTakingOver: Bool = false
    ) throws(ServerError) -> StatusListener? {
        guard let settings, settings.address != current?.wanted else { return nil }
        let isBesideOurs = current?.address.overlaps(settings.address) ?? false
        return try StatusListener(on: settings.address, gate: StatusGate(token: settings.token), isShared: isTakingOver || isBesideOurs)
    }

    /// Serves the page by these settings from now on; `opened` is their listener, if it is another.
    func serveStatusPage(_ settings: StatusSettings?, on opened: StatusListener?) {
        guard let settings else { return statusListener = nil }
        if let opened {
            if let statusListener { opened.takeReaders(of: statusListener) }
            statusListener = opened
            server.event("status_page", [JournalField("address", "\(opened.address)")])
        }
        statusListener?.admit(by: StatusGate(token: settings.token))
    }

    /// Lets readers ask and have their answers; never waits.
    func turnStatusPage() {
        statusListener?.turn(self, at: MonotonicClock.now(), wallTime: .now())
    }
}
