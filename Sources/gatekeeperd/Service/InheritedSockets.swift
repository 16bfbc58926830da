internal import Gatekeeper

/// What the process was started with: sockets that listen already, and whom to tell that it serves.
struct InheritedSockets {
    private(set) var listeners: [InheritedListener] = []
    /// The process that this one replaces; nil for a start like any other.
    let predecessor: Predecessor?
    /// What it has counted; nil where it left nothing that we understand.
    private(set) var history: MemoryFile?

    /// By which a running service tells its successor: the pipe, then the sockets.
    private static let variable = "GATEKEEPER_SUCCESSION"
    /// Says that the running service hears our complaints by the same pipe; an older one would take any word for the last.
    private static let hearing = "GATEKEEPER_SUCCESSION_HEARS"
    /// Says where the history is. A number that an older service has handed on without knowing of it is no such file.
    private static let historyName = "GATEKEEPER_SUCCESSION_HISTORY"
    /// The first descriptor that systemd passes on (sd_listen_fds(3)).
    private static let firstDescriptor: Int32 = 3
    private static let descriptorsMax: Int32 = 4096

    /// From the service that this one replaces, or from systemd (`LISTEN_FDS`).
    init(process: Int32, environment: (String) -> String? = Environment.value) throws(ServerError) {
        if let text = environment(Self.variable) {
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int32($0) ?? -1 }
            guard numbers.count >= 2, numbers.allSatisfy({ $0 >= Self.firstDescriptor }) else {
                throw ServerError(settings: "\(Self.variable) is set, but not by a service that hands over")
            }
            predecessor = Predecessor(listeningOn: numbers[0])
            listeners = try InheritedListener.group(Array(numbers.dropFirst()))
            if let number = environment(Self.historyName).flatMap({ Int32($0) }), number >= Self.firstDescriptor,
                !numbers.contains(number)
            {
                history = MemoryFile(inherited: number, byteCount: MinuteHistory.byteCount)
            }
            return
        }
        predecessor = nil
        guard environment("LISTEN_PID") == "\(process)", let text = environment("LISTEN_FDS") else { return }
        guard let count = Int32(text), (0...Self.descriptorsMax).contains(count) else {
            throw ServerError(settings: "LISTEN_FDS is no number of sockets")
        }
        listeners = try InheritedListener.group(Array(Self.firstDescriptor..<Self.firstDescriptor + count))
    }

    /// From the very start on: most of what keeps a successor from serving is found before it looks for sockets.
    static func copyComplaints(environment: (String) -> String? = Environment.value) {
        guard environment(hearing) != nil, let text = environment(variable)?.prefix(while: { $0 != "," }), let number = Int32(text),
            number >= firstDescriptor
        else { return }
        Console.copyComplaints(to: number)
    }

    /// Our environment as a successor gets it, with these descriptors.
    ///
    /// - Parameter history: that of the file with what was counted.
    static func environment(passing descriptors: [Int32], history: Int32?) -> [String] {
        // What systemd said to this process alone.
        let ours = [variable, hearing, historyName, "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_PID"]
        let others = Environment.all.filter { line in !ours.contains { line.hasPrefix("\($0)=") } }
        let more = history.map { ["\(historyName)=\($0)"] } ?? []
        return others + more + ["\(hearing)=1", "\(variable)=\(descriptors.map(String.init).joined(separator: ","))"]
    }
}
