internal import Gatekeeper
internal import Glibc

extension ServerError {
    /// What to do about the usual reasons.
    var advice: String? {
        switch cause {
        case .system(EADDRINUSE): "another program listens there already (`ss -ltnp` shows which)"
        case .privilege: "under systemd the drop-in gatekeeperd.service.d/drop.conf gives it"
        case .system(EACCES): "ports below 1024 need CAP_NET_BIND_SERVICE"
        case .system(EADDRNOTAVAIL):
            "this machine has no such address (`ip address` shows which it has); free_bind: true listens before it comes"
        case .system(ENODEV): "this machine has no such interface (`ip link` shows which it has)"
        case .system(EAFNOSUPPORT): "IPv6 is switched off on this machine; write 0.0.0.0:PORT in place of PORT or [::]:PORT, for IPv4 alone"
        case .system(EMFILE), .system(ENFILE): "raise the limit on open files (LimitNOFILE= in the unit)"
        case .system, .settings: nil
        }
    }

    /// The sentence, with what to do.
    var advised: String { ConcealedValues.hide(in: advice.map { "\(self); \($0)" } ?? "\(self)") }
}
