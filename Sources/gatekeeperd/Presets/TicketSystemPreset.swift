/// What is known of a ticket system's API by those who put a door in front of it. Nothing here opens one: it is for reading.
struct TicketSystemPreset: Equatable, Sendable {
    /// In lower case.
    let name: String
    /// Other names of the same, in lower case.
    var aliases: [String] = []
    let title: String
    /// Where its API begins; `…` stands for what varies.
    let paths: [String]
    let authentication: String
    let contentTypes: String
    let methods: [String]
    /// What to mind when it stands behind a reverse proxy.
    let notes: [String]
    let sources: [String]
    /// The day of the first source's revision that was read; nil if it doesn't tell, and no other one does.
    var date: String?

    /// A reason to look again before relying on it.
    static let notDated = "not dated"

    var dateText: String { date.map { "as of \($0)" } ?? Self.notDated }
}
