internal import Glibc

/// Sends lines to the system's log: a datagram each to a UNIX socket, in the form of RFC 3164 that syslog(3) writes and that journald and
/// rsyslog read: `<29>Nov 25 17:00:00 gatekeeperd[711]: ` and the line. The facility is `daemon`.
///
/// The socket is connected anew for each batch, so that a log daemon that was restarted, and has put another socket under the same path, is
/// found at once. A daemon that is slow is waited for a little; without one lines are lost, and whoever asked counts them.
final class JournalSyslog {
    let path: String

    /// How long one batch may wait for a slow reader, in all.
    static let waitMilliseconds = 100
    private static let daemonFacility = 3
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Nil while the kernel has none to give.
    private var socket: Descriptor?
    private let frame = Buffer(capacity: JournalOutput.lineBytesMax + 256)
    private var stamp = ""
    private var deadline: Instant?
    private var isConnected = false
    /// Why a line got nowhere.
    private(set) var failure = ""

    init(path: String) {
        self.path = path
    }

    /// To be called before the lines of a batch are sent.
    func begin() {
        if socket == nil { socket = try? System.datagramSocket() }
        deadline = nil
        isConnected = connect()
        stamp = Self.stamp(LocalTime(wallMilliseconds: System.wallMilliseconds())) + " gatekeeperd[\(getpid())]: "
    }

    /// False if the line got nowhere. `line` is without its newline.
    func send(_ line: Span<UInt8>, _ severity: Severity) -> Bool {
        guard isConnected, let number = socket?.number else { return false }
        let frame = frame
        frame.clear()
        frame.append("<")
        frame.append(decimal: UInt64(Self.daemonFacility << 3 | severity.rawValue))
        frame.append(">")
        frame.append(stamp)
        frame.append(line)
        guard !frame.overflowed else { return false }
        var mayConnect = true
        while true {
            switch System.send(number, datagram: frame.bytes) {
            case .bytes: return true
            case .endOfStream: return false
            case .wouldBlock:
                guard wait(number) else {
                    failure = "whoever reads the system's log at \(path) has stopped reading"
                    return false
                }
            case .failed(let code):
                // Too long for this daemon; the next line may do.
                failure = "the system's log at \(path): \(System.describe(code))"
                if code == EMSGSIZE { return false }
                // Whoever held the other end is gone, and another one may be there already.
                isConnected = mayConnect && connect()
                mayConnect = false
                guard isConnected else { return false }
            }
        }
    }

    private func connect() -> Bool {
        guard let number = socket?.number else {
            failure = "there is no descriptor for the system's log"
            return false
        }
        let outcome = System.connect(number, to: .unix(path))
        if case .failed(let code) = outcome { failure = "the system's log at \(path): \(System.describe(code))" }
        return outcome == .bytes(0)
    }

    /// False when the batch has waited long enough.
    private func wait(_ number: Int32) -> Bool {
        let now = System.now()
        let deadline = deadline ?? now.advanced(byMilliseconds: Self.waitMilliseconds)
        self.deadline = deadline
        let left = deadline.nanoseconds(since: now) / 1_000_000
        return left > 0 && System.waitWritable(number, milliseconds: Int32(clamping: left))
    }

    /// `Nov  5 17:00:00`: the day is two wide and has no leading zero.
    static func stamp(_ time: LocalTime) -> String {
        func digits(_ number: Int, _ filler: String = "0") -> String { number < 10 ? "\(filler)\(number)" : "\(number)" }
        let clock = [time.hour, time.minute, time.second].map { digits($0) }.joined(separator: ":")
        return "\(months[time.month - 1]) \(digits(time.day, " ")) \(clock)"
    }
}
