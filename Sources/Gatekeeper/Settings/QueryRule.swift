/// Which keys the query of a request may have, on a route where a key decides what the application does.
///
/// Values aren't looked at, and a key needn't be there. What else a request may say, in a form for instance, is unseen.
public struct QueryRule: Sendable, Equatable {
    /// What becomes of the keys that are named.
    public enum Kind: String, Sendable {
        /// They alone may be there.
        case allow
        /// Every other may be there.
        case deny
    }

    let kind: Kind
    /// In normal form, as written.
    let keys: [[UInt8]]

    /// - Parameter keys: none with `allow` means that there may be no key at all.
    public init(_ kind: Kind, _ keys: [String]) throws(Route.SyntaxError) {
        for key in keys where key.isEmpty || !key.utf8.allSatisfy(QueryNormalForm.isPlain) {
            throw Route.SyntaxError(
                description: "\"\(key)\" can be read in more than one way, so no request with it is let through; a key is letters, digits "
                    + "and _ - @ $")
        }
        guard kind == .allow || !keys.isEmpty else { throw Route.SyntaxError(description: "no key is named") }
        guard keys.count <= QueryNormalForm.keysMax else {
            throw Route.SyntaxError(description: "there are more than \(QueryNormalForm.keysMax) keys")
        }
        self.kind = kind
        self.keys = keys.map { Array($0.utf8) }
    }

    enum Verdict: Equatable {
        case passes
        /// It has a key that it mustn't have.
        case forbidden
        /// Its keys can be read in more than one way.
        case ambiguous
    }

    /// - Parameter query: what stands behind the `?`; empty without one.
    /// - Parameter isCaseSensitive: whether `a` is another key than an `A` that is allowed. One that is denied is denied in any case of its
    ///     letters, since some servers (ASP.NET) don't tell them apart.
    func judge(_ query: Span<UInt8>, isCaseSensitive: Bool) -> Verdict {
        guard query.count > 0 else { return .passes }
        guard let found = QueryNormalForm.keys(of: query) else { return .ambiguous }
        let isFine =
            switch kind {
            case .allow: found.allSatisfy { key in keys.contains { isCaseSensitive ? $0 == key : QueryNormalForm.areAlike($0, key) } }
            case .deny: !found.contains { key in keys.contains { QueryNormalForm.areAlike($0, key) } }
            }
        return isFine ? .passes : .forbidden
    }
}

extension QueryRule: CustomStringConvertible {
    /// `version, class`, or `other than loginop`.
    public var description: String {
        let names = keys.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
        return Self.description(kind, names)
    }

    /// - Parameter names: of the keys, as they may be shown.
    public static func description(_ kind: Kind, _ names: String) -> String {
        switch kind {
        case .allow: names.isEmpty ? "none" : names
        case .deny: "other than \(names)"
        }
    }
}
