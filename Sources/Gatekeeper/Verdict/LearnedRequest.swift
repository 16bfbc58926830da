/// The requests of one label, method and path template on one day, counted.
package struct LearnedRequest: Sendable, Equatable {
    package struct Key: Hashable, Sendable {
        /// Days since 1970, in UTC.
        package var day: Int64
        /// The allow-list entry's; empty for those without one.
        package var label: String
        package var method: String
        /// A route's path; empty for all paths that can be read in more than one way, which no route lets pass.
        package var template: String

        package init(day: Int64, label: String, method: String, template: String) {
            self.day = day
            self.label = label
            self.method = method
            self.template = template
        }
    }

    package var key: Key
    /// Answered 2xx, or 101.
    package var succeeded: UInt64 = 0
    /// 3xx.
    package var redirected: UInt64 = 0
    /// 4xx.
    package var clientErrors: UInt64 = 0
    /// 5xx.
    package var serverErrors: UInt64 = 0
    /// The status of the last one that was answered 4xx or 5xx; 0 for none.
    package var lastFailure: UInt16 = 0
    package var firstMilliseconds: Int64
    package var lastMilliseconds: Int64

    package init(_ key: Key, firstMilliseconds: Int64, lastMilliseconds: Int64) {
        self.key = key
        self.firstMilliseconds = firstMilliseconds
        self.lastMilliseconds = lastMilliseconds
    }

    package var count: UInt64 { succeeded &+ redirected &+ clientErrors &+ serverErrors }

    static func isGood(_ status: UInt16) -> Bool { status == 101 || (200..<400).contains(status) }

    mutating func count(_ status: UInt16, at milliseconds: Int64) {
        switch status {
        case 300..<400: redirected &+= 1
        case 400..<500: clientErrors &+= 1
        case 500...: serverErrors &+= 1
        default: succeeded &+= 1
        }
        if status >= 400 { lastFailure = status }
        firstMilliseconds = min(firstMilliseconds, milliseconds)
        lastMilliseconds = max(lastMilliseconds, milliseconds)
    }

    /// Counts what another has counted of the same.
    package mutating func add(_ other: LearnedRequest) {
        succeeded &+= other.succeeded
        redirected &+= other.redirected
        clientErrors &+= other.clientErrors
        serverErrors &+= other.serverErrors
        if other.lastFailure != 0, lastFailure == 0 || other.lastMilliseconds >= lastMilliseconds { lastFailure = other.lastFailure }
        firstMilliseconds = min(firstMilliseconds, other.firstMilliseconds)
        lastMilliseconds = max(lastMilliseconds, other.lastMilliseconds)
    }
}

/// What stands in a template for a segment whose text isn't kept. Each is a placeholder of routes.
package enum LearnedPlaceholder {
    /// A number, or something that may be a secret or a person: never kept.
    package static let unkept = "{id}"
    /// One of more names than `LearnedTree.namesMax`.
    package static let any = "{any}"
    /// It came too seldom to be kept: what it was isn't known.
    package static let seldom = "{name}"
}

/// What was learned on days before, of requests that were answered well.
package struct LearnedTemplate: Sendable, Equatable {
    package var label: String
    package var template: String
    package var firstDay: Int64
    package var lastDay: Int64
    /// On so many days.
    package var days: Int

    package init(label: String, template: String, firstDay: Int64, lastDay: Int64, days: Int) {
        self.label = label
        self.template = template
        self.firstDay = firstDay
        self.lastDay = lastDay
        self.days = days
    }
}

/// A position at which there turned out to be too many names on a day: those that were kept on it are `{any}`. Days before stay as they are,
/// so that nobody can spoil with one day what was learned in weeks.
package struct OpenedPosition: Sendable, Equatable {
    package var label: String
    package var day: Int64
    /// The template of what lies above it, without a slash at its end.
    package var parent: String
    /// Names that were known on days before.
    package var kept: Set<String>

    package init(label: String, day: Int64, parent: String, kept: Set<String> = []) {
        self.label = label
        self.day = day
        self.parent = parent
        self.kept = kept
    }

    /// What becomes of a template that was learned before; nil for one that stays. However many parents there are, it is read once.
    ///
    /// - Parameter parents: with the names that stay below them.
    package static func revised(_ template: String, below parents: [String: Set<String>]) -> String? {
        guard template.hasPrefix("/") else { return nil }
        var (path, isRevised) = ("", false)
        for name in template.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            let isOpen = !name.isEmpty && name != "**" && !name.hasPrefix("{") && parents[path].map { !$0.contains(String(name)) } ?? false
            path += "/" + (isOpen ? LearnedPlaceholder.any : String(name))
            isRevised = isRevised || isOpen
        }
        return isRevised ? path : nil
    }
}
