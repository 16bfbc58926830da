/// What a route does with a path of which only the template is known (`LearnedRequest`).
package enum TemplateCoverage: Int, Sendable, Comparable {
    /// No such path passes.
    case none
    /// Some may pass: that depends on what stands in place of a `{…}`.
    case some
    /// Every such path passes.
    case all

    package static func < (a: TemplateCoverage, b: TemplateCoverage) -> Bool { a.rawValue < b.rawValue }
}

extension Route {
    /// - Parameter template: a path as a route has it.
    package func covers(method: String, template: String) -> TemplateCoverage {
        guard allows(method: method.utf8.span), template.hasPrefix("/") else { return .none }
        var theirs = template.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { Array($0.utf8) }
        let isOpenEnded = theirs.last == Array("**".utf8)
        if isOpenEnded { theirs.removeLast() }
        // A template says nothing of the query.
        var coverage = query == nil ? TemplateCoverage.all : .some
        for (index, segment) in segments.enumerated() {
            // What stands behind `/**` may be there or not.
            guard index < theirs.count else { return isOpenEnded ? .some : .none }
            let isPlaceholder = theirs[index].first == UInt8(ascii: "{")
            switch segment {
            case .any:
                guard !theirs[index].isEmpty else { return .none }
            case .literal(let expected):
                if isPlaceholder {
                    coverage = .some
                } else if theirs[index].map({ isCaseSensitive ? $0 : Self.fold($0) }) != expected {
                    return .none
                }
            case .ending(let expected):
                let bytes = theirs[index]
                if isPlaceholder { coverage = .some } else if !endsSegment(bytes.span, with: expected) { return .none }
            }
        }
        let isDeeper = theirs.count > segments.count || isOpenEnded
        if coversRest { return isDeeper || segments.isEmpty ? coverage : .none }
        guard theirs.count == segments.count else { return .none }
        return isOpenEnded ? .none : coverage
    }
}
