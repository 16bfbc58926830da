internal import Gatekeeper

extension Settings.Log.Fields {
    /// What the configuration calls them, and the log.
    static let words: [(word: String, value: Settings.Log.Fields)] = [("user_agent", .userAgent), ("cipher", .cipher), ("trace", .trace)]

    var described: [String] { Self.words.filter { contains($0.value) }.map(\.word) }
}
