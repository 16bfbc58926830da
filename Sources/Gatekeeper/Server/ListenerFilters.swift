/// Makes the filter of each listener from the settings, and has the kernel try it where nobody is listening: what passes here can be put in place
/// without a failure.
enum ListenerFilters {
    /// A program that the kernel finds too large for `net.core.optmem_max` is tried at half the length, down to this.
    private static let instructionsMin = 64

    /// By the addresses of the listeners, as the settings write them. Whoever may name another's address is let through as the listed are, but
    /// not whom a lockdown shuts out.
    static func make(_ settings: Settings) throws(SystemError) -> [SocketAddress: SocketFilter] {
        var filters: [SocketAddress: SocketFilter] = [:]
        var known: [[AddressPrefix]: SocketFilter] = [:]
        let allowed = settings.allow.filter { $0.lockdown == .none }.map(\.prefix)
        for listener in settings.listeners {
            let balancers = listener.proxyProtocolFrom
            let filter = if let same = known[balancers] { same } else { try fitting(allowed + balancers) }
            known[balancers] = filter
            filters[listener.address] = filter
        }
        return filters
    }

    private static func fitting(_ prefixes: [AddressPrefix]) throws(SystemError) -> SocketFilter {
        var limit = SocketFilter.instructionsMax
        while true {
            let filter = SocketFilter(keeping: prefixes, instructionsMax: limit)
            do throws(SystemError) {
                try System.probe(filter)
                return filter
            } catch {
                guard error.isLackOfMemory, limit > instructionsMin else { throw error }
                limit = min(limit, filter.instructions.count) / 2
            }
        }
    }
}
