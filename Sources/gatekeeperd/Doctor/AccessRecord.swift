/// A request that the ticket system has answered, as the log tells it.
struct AccessRecord: Equatable, Sendable {
    /// The client's address.
    var peer = ""
    /// Without the query.
    var path: String
    var status: Int

    /// Those of JSON lines that came since; what isn't such a line is passed over.
    static func records(in log: [UInt8], since start: WallTime) -> [AccessRecord] {
        log.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let json = JSONReader.read(Array(line)), json.string("event") == "request", json.string("outcome") == "completed",
                let path = json.string("path"), let status = json["status"]?.integer,
                let seconds = json.string("time").flatMap({ try? CalendarTime.unixSeconds($0) }), seconds >= start.milliseconds / 1000
            else { return nil }
            return AccessRecord(peer: json.string("peer") ?? "", path: String(path.prefix { $0 != "?" }), status: status)
        }
    }

    /// So many of the last ones are looked at: what came before may have been mended, or broken, since.
    static let latestCount = 5

    /// With content, or without.
    var isSuccess: Bool { (200..<300).contains(status) }
    /// Of whoever asked: there is no key, or it isn't taken.
    var isRefusal: Bool { status == 401 || status == 403 }
}
