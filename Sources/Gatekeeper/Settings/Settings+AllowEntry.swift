extension Settings {
    /// One line of the allow-list.
    public struct AllowEntry: Sendable, Equatable {
        public var prefix: AddressPrefix
        /// What the log calls this source (`Tier2Tickets`).
        public var label: String?
        /// The label is a grant's reason, which no route means by its `from`.
        public var isLabelledByReason = false
        /// Where it was written (`gatekeeper.yaml:7:5`, `--allow`), for explanations.
        public var origin: String?
        /// From this second on it admits nobody; nil never ends.
        public var endsAtUnixSeconds: Int64?
        /// Its connections are told of by `Server.takeFirstUses`.
        public var isAnnounced = false
        public var lockdown = LockdownEffect.none

        public init(prefix: AddressPrefix, label: String? = nil, origin: String? = nil) {
            self.prefix = prefix
            self.label = label
            self.origin = origin
        }
    }
}
