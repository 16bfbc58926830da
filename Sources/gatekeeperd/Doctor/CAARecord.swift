/// A CAA record: who may issue certificates for a name (RFC 8659 § 4.1).
struct CAARecord: Equatable, Sendable {
    /// Whoever doesn't understand the property must not issue.
    var isCritical = false
    /// In lower case.
    var property: String
    /// May hold anything that somebody put into the DNS.
    var value: String

    private static let criticalBit: UInt8 = 0x80
    /// Those that authorities know (RFC 8659 § 4, and the registry that it made).
    private static let known = ["issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"]

    init(_ property: String, _ value: String, isCritical: Bool = false) {
        self.isCritical = isCritical
        self.property = property
        self.value = value
    }

    /// From a record's data; nil for what is none.
    init?(_ data: ArraySlice<UInt8>) {
        guard data.count >= 2, let flags = data.first else { return nil }
        let length = Int(data[data.startIndex + 1])
        let rest = data.dropFirst(2)
        let name = rest.prefix(length)
        guard length > 0, name.count == length, name.allSatisfy(Self.isLetterOrDigit) else { return nil }
        isCritical = flags & Self.criticalBit != 0
        property = String(decoding: name, as: UTF8.self).lowercased()
        value = String(decoding: rest.dropFirst(length), as: UTF8.self)
    }

    /// Nobody may issue as long as it is there.
    var isUnknownAndCritical: Bool { isCritical && !Self.known.contains(property) }

    /// As a zone's file has it.
    var text: String { "\(isCritical ? 128 : 0) \(property) \"\(value)\"" }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: false
        }
    }

    // MARK: Who may issue

    /// What `issue` and `issuewild` say: an authority, and under which conditions (RFC 8659 § 4.2, RFC 8657).
    struct Permission: Equatable, Sendable {
        /// The authority's name in lower case; nil where nobody may.
        var issuer: String?
        /// `accounturi`; several are as none that could be ours.
        var accounts: [String] = []
        /// `validationmethods`; nil for all.
        var methods: [String]?
    }

    /// Nil for another property. What breaks the grammar permits nobody.
    var permission: Permission? {
        guard property == "issue" || property == "issuewild" else { return nil }
        let parts = value.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        let issuer = parts[0].lowercased()
        guard !issuer.isEmpty, issuer.utf8.allSatisfy({ Self.isLetterOrDigit($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") })
        else { return Permission() }
        var permission = Permission(issuer: issuer)
        for part in parts.dropFirst() where !part.isEmpty {
            guard let equals = part.firstIndex(of: "=") else { return Permission() }
            let name = Self.trimmed(part[..<equals]).lowercased()
            let value = Self.trimmed(part[part.index(after: equals)...])
            guard !name.isEmpty, value.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return Permission() }
            switch name {
            case "accounturi": permission.accounts.append(String(value))
            case "validationmethods": permission.methods = (permission.methods ?? []) + value.split(separator: ",").map(String.init)
            default: break
            }
        }
        return permission
    }

    private static func trimmed(_ text: Substring) -> Substring {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        let rest = text.drop(while: isBlank)
        return rest[..<(rest.lastIndex { !isBlank($0) }.map(rest.index(after:)) ?? rest.startIndex)]
    }
}

extension CAARecord {
    /// What the records of a name mean for one that wants to issue.
    enum Verdict: Equatable, Sendable {
        case permitted
        /// But only by another method than ours, as one that isn't named.
        case otherMethod
        /// But only to another account.
        case otherAccount
        /// Perhaps: an account is named, and ours isn't known yet.
        case someAccount
        case forbidden
    }

    /// - Parameters:
    ///   - isWildcard: `issuewild` goes before `issue` then (RFC 8659 § 4.3).
    ///   - issuers: the names under which the authority looks for itself.
    ///   - account: nil for one that isn't there yet.
    ///   - method: as RFC 8555 and RFC 8737 call it.
    static func verdict(
        of records: [CAARecord], isWildcard: Bool, issuers: [String], account: String?, method: String
    ) -> Verdict {
        guard !records.contains(where: \.isUnknownAndCritical) else { return .forbidden }
        let wild = isWildcard ? records.filter { $0.property == "issuewild" } : []
        let relevant = wild.isEmpty ? records.filter { $0.property == "issue" } : wild
        guard !relevant.isEmpty else { return .permitted }
        let verdicts = relevant.compactMap(\.permission).map { permission -> Verdict in
            guard let issuer = permission.issuer, issuers.contains(issuer) else { return .forbidden }
            if let methods = permission.methods, !methods.contains(method) { return .otherMethod }
            guard !permission.accounts.isEmpty else { return .permitted }
            guard let account else { return .someAccount }
            return permission.accounts == [account] ? .permitted : .otherAccount
        }
        // One that permits is enough; else the nearest miss is told.
        return [.permitted, .someAccount, .otherAccount, .otherMethod].first(where: verdicts.contains) ?? .forbidden
    }
}
