internal import Gatekeeper

/// Who listens on a port of this machine, as `/proc` tells it (proc(5)): the socket's number first, then whose descriptor that is.
struct PortHolder: Equatable, Sendable {
    var program: String
    var process: Int

    private static let tableBytesMax = 64 << 20
    /// TCP_LISTEN.
    private static let listening = "0A"

    /// Nil where nobody does, or somebody whose descriptors aren't ours to see: those of other users are root's.
    static func find(port: UInt16) -> PortHolder? {
        let sockets = Set(["tcp", "tcp6"].flatMap { Self.sockets(in: text("/proc/net/\($0)"), port: port) }.map { "socket:[\($0)]" })
        guard !sockets.isEmpty else { return nil }
        for process in FolderContents.names(in: "/proc").compactMap({ Int($0) }).sorted() {
            let folder = "/proc/\(process)/fd"
            guard
                FolderContents.names(in: folder).contains(where: {
                    SymbolicLink.target(of: "\(folder)/\($0)").map(sockets.contains) ?? false
                })
            else { continue }
            return PortHolder(program: String(text("/proc/\(process)/comm").prefix { $0 != "\n" }), process: process)
        }
        return nil
    }

    /// The numbers of sockets that listen on the port.
    static func sockets(in table: String, port: UInt16) -> [Substring] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let columns = line.split(separator: " ", omittingEmptySubsequences: true)
            guard columns.count > 9, columns[3] == listening, let colon = columns[1].lastIndex(of: ":"),
                UInt16(columns[1][columns[1].index(after: colon)...], radix: 16) == port
            else { return nil }
            return columns[9]
        }
    }

    private static func text(_ path: String) -> String {
        (try? FileContents.read(path, bytesMax: tableBytesMax)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
