/// The routes that a source has: what isn't on one of them is refused.
final class RouteTable: Sendable {
    let routes: [Route]
    /// Only say in the log what would have been refused.
    let isShadow: Bool
    /// Where each stands in the settings; empty while all of those are here.
    private let places: [Int]
    /// Those of the settings that other sources have: to say so of what is refused.
    private let others: [Route]

    /// All of the routes, whoever they are for.
    init(_ settings: Settings.Routes) {
        (routes, isShadow, places, others) = (settings.routes, settings.isShadow, [], [])
    }

    /// Those for the label of an entry, or for whoever has none that a route names (nil).
    init(_ settings: Settings.Routes, label: String?) {
        places = settings.routes.indices.filter { settings.routes[$0].isFor(label) }
        routes = places.map { settings.routes[$0] }
        others = settings.routes.filter { !$0.isFor(label) }
        isShadow = settings.isShadow
    }

    /// What the table says of a request.
    enum Match: Equatable {
        /// The place in the settings of the first route that lets it pass.
        case route(Int)
        case objection(PolicyRefusal)
    }

    func find(_ head: RequestHead, _ fields: borrowing FieldTable, _ bytes: Span<UInt8>) -> Match {
        // The application would do another method than the one that is judged.
        if fields.contains(.methodOverride) { return .objection(.methodOverride) }
        // A request inside another one would be judged by nobody.
        if head.hasBody, head.method.knowsNoBody { return .objection(.bodyUnexpected) }
        // `OPTIONS *` asks about the server and not about a path; no route is for that.
        guard head.targetForm != .asterisk else { return .objection(.route) }
        let path = bytes.bytes(head.path)
        guard PathNormalForm.isUnambiguous(path) else { return .objection(.pathAmbiguous) }
        let method = bytes.bytes(head.methodRange)
        // The first that is for the method and path lets it pass, or, where that looks at the query, another one may.
        var objection: PolicyRefusal?
        for (index, route) in routes.enumerated() where route.allows(method: method) && route.matches(path) {
            guard let rule = route.query else { return .route(place(of: index)) }
            switch rule.judge(bytes.bytes(head.query), isCaseSensitive: route.isCaseSensitive) {
            case .passes: return .route(place(of: index))
            case .forbidden: objection = objection ?? .queryKey
            case .ambiguous: objection = .queryAmbiguous
            }
        }
        return .objection(objection ?? self.objection(method, path))
    }

    private func place(of index: Int) -> Int { places.isEmpty ? index : places[index] }

    /// Why no route is for the method and path.
    private func objection(_ method: Span<UInt8>, _ path: Span<UInt8>) -> PolicyRefusal {
        for route in others where route.allows(method: method) && route.matches(path) { return .routeOfOthers }
        return .route
    }
}
