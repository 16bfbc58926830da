/// The routes of a configuration as each source has them.
///
/// Which are a source's is decided with the entry of the allow-list that lets its connection in, and not with each request.
struct SourceRoutes: Sendable {
    /// As the settings have them.
    let all: RouteTable
    /// Of whoever was admitted by an entry whose label no route names.
    let common: RouteTable
    /// By the labels that routes name; empty while every route is for everybody.
    private let byLabel: [String: RouteTable]

    init(_ settings: Settings.Routes) {
        all = RouteTable(settings)
        let labels = Set(settings.routes.flatMap { $0.from ?? [] })
        common = labels.isEmpty ? all : RouteTable(settings, label: nil)
        byLabel = Dictionary(uniqueKeysWithValues: labels.map { ($0, RouteTable(settings, label: $0)) })
    }

    /// The routes of those whom this entry lets in.
    func table(for entry: Settings.AllowEntry) -> RouteTable {
        guard !byLabel.isEmpty, let label = entry.routesLabel else { return common }
        return byLabel[label] ?? common
    }
}

extension Settings.AllowEntry {
    /// What a route's `from` calls it; nil where none can.
    package var routesLabel: String? { isLabelledByReason ? nil : label }
}
