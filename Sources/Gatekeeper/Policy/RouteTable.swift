/// All routes of a configuration: what isn't on one of them is refused.
struct RouteTable: Sendable {
    let routes: [Route]
    /// Only say in the log what would have been refused.
    let isShadow: Bool

    init(_ settings: Settings.Routes) {
        routes = settings.routes
        isShadow = settings.isShadow
    }

    /// What the table says of a request.
    enum Match: Equatable {
        /// The index of the first route that lets it pass.
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
        for (index, route) in routes.enumerated() where route.allows(method: method) && route.matches(path) { return .route(index) }
        return .objection(.route)
    }
}
