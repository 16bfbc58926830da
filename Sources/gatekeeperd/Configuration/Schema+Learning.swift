internal import Gatekeeper

/// Keys of learning which requests there are, and of routes that only count.
extension Schema {
    static let learning = [
        Setting(
            path: "routes_mode", rule: .scalar(.routesMode),
            summary: "Refuse what is on no route, or let it through and count what would have been refused."),
        Setting(
            path: "learn", rule: .scalar(.learning),
            summary: "Keep in the ledger which methods and path templates each label uses, for `gatekeeperd routes propose`; needs state."),
    ]
}

extension ScalarRule {
    fileprivate static let learning = noting("learn", of: .flag(\.settings.log.learns)) { $0.settings.log.learns }

    fileprivate static let routesMode = noting(
        "routes_mode", of: .choice(\.routesAreShadow, [("enforce", false), ("shadow", true)], default: "enforce")
    ) { $0.routesAreShadow }

    /// The same rule, which also remembers where its key was written to turn something on.
    private static func noting(
        _ key: String, of rule: ScalarRule, isOn: @escaping @Sendable (ConfigurationBuilder) -> Bool
    ) -> ScalarRule {
        ScalarRule(form: rule.form, defaultText: rule.defaultText) { (text, context, builder) throws(ValueMistake) in
            try rule.assign(text, context, &builder)
            builder.modeOrigins[key] = isOn(builder) ? context.origin : nil
        }
    }
}

extension Validation {
    static func learningMistakes(_ builder: ConfigurationBuilder) -> [Finding] {
        var findings: [Finding] = []
        if builder.settings.log.learns, builder.statePath == nil, StandardPath.state() == nil {
            findings.append(
                .error(
                    builder.modeOrigins["learn"] ?? .commandLine, at: "learn",
                    "what is learned has to be kept on disk; set state, as state: /var/lib/gatekeeper"))
        }
        if builder.routesAreShadow, let origin = builder.modeOrigins["routes_mode"] {
            let advice =
                builder.routes == nil
                ? "there are no routes, so nothing is refused and nothing counted; write routes:, or take the key away"
                : "nothing is enforced: what is on no route passes, and is counted in `gatekeeperd status`; say enforce when nothing more is"
            findings.append(.warning(origin, at: "routes_mode", advice))
        }
        return findings
    }
}
