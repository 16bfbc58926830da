/// What is known of a ticket system's API by those who put a door in front of it. Nothing here opens one: it is for reading.
struct TicketSystemPreset: Sendable {
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
    /// The day of the revision that was read; nil if the source doesn't tell.
    var date: String?

    /// `not dated` is a reason to look again before relying on it.
    var dateText: String { date ?? "not dated" }
}
