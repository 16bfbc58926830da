/// All routes of a configuration: what isn't on one of them is refused.
struct RouteTable: Sendable {
    let routes: [Route]
    /// Only say in the log what would have been refused.
    let isShadow: Bool

    init(_ settings: Settings.Routes) {
        routes = settings.routes
        isShadow = settings.isShadow
    }

    /// Nil if the request may pass.
    func objection(
        to head: RequestHead, _ fields: borrowing FieldTable, _ bytes: Span<UInt8>
    ) -> PolicyRefusal? {
        // The application would do another method than the one that is judged.
        if fields.contains(.methodOverride) { return .methodOverride }
        // `OPTIONS *` asks about the server and not about a path; no route is for that.
        guard head.targetForm != .asterisk else { return .route }
        let path = bytes.bytes(head.path)
        guard PathNormalForm.isUnambiguous(path) else { return .pathAmbiguous }
        let method = bytes.bytes(head.methodRange)
        for route in routes where route.allows(method: method) && route.matches(path) { return nil }
        return .route
    }
}
