internal import Gatekeeper
internal import Glibc

/// What systemd is told (sd_notify(3)), as datagrams to the socket it names in `NOTIFY_SOCKET`.
///
/// Without that variable nothing is sent. A manager that doesn't listen must not hurt the service: failures are ignored.
struct ServiceNotification {
    /// How often the manager wants a sign of life, in milliseconds: twice as often as it would lose patience. Nil if it wants none of us.
    let watchdogMilliseconds: Int?

    private let socketPath: String?

    init(environment: (String) -> String? = Environment.value) {
        socketPath = environment("NOTIFY_SOCKET").flatMap { $0.isEmpty ? nil : $0 }
        // For another process when WATCHDOG_PID says so (sd_watchdog_enabled(3)).
        let isOurs = environment("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
        let microseconds = environment("WATCHDOG_USEC").flatMap { Int($0) } ?? 0
        watchdogMilliseconds = isOurs && microseconds > 0 ? max(1, microseconds / 2_000) : nil
    }

    func ready(status: String) { send("READY=1\nSTATUS=\(status)") }

    /// To be followed by `ready`.
    func reloading() {
        send("RELOADING=1\nMONOTONIC_USEC=\(System.now().nanoseconds / 1_000)\nSTATUS=reading the configuration")
    }

    func alive() { send("WATCHDOG=1") }

    /// Another process goes on in our place. What it has said so far counted for nothing with a manager that listens to the main process
    /// alone (`NotifyAccess=main`): its state and a sign of life are said once more, for the time until its own next one.
    func replaced(by process: Int32, status: String) { send("MAINPID=\(process)\nWATCHDOG=1\nSTATUS=\(status)") }

    func stopping() { send("STOPPING=1\nSTATUS=draining") }

    /// To be followed by `stopping`; the manager counts from here.
    func leaving() { send("STOPPING=1\nSTATUS=leaving: load balancers are told, connections are still taken") }

    private func send(_ message: String) {
        guard let socketPath else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(socketPath.utf8)
        // A leading @ stands for the NUL byte of the abstract namespace (unix(7)).
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        // SAFETY: the name was checked to be shorter than the array it is copied to.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path) + name.count)

        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return }
        let sender = Descriptor(owning: number)
        let bytes = Array(message.utf8)
        // SAFETY: sockaddr_un begins with the family, as every socket address does; `length` covers exactly the name.
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                _ = unsafe sendto(sender.number, bytes, bytes.count, Int32(MSG_NOSIGNAL), generic, length)
            }
        }
    }
}
