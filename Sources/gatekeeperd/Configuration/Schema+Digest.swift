extension Schema {
    static let digest = [
        Setting(
            path: "digest", rule: .scalar(.timeOrOff(\.digestTime)),
            summary: "When the digest of the day is written to the log and sent to those under notify, by the machine's time zone; or off.")
    ]
}

extension TimeOfDay {
    /// Before anybody sits down to work.
    static let usualDigest = TimeOfDay(minutes: 7 * 60)
}

extension ScalarRule {
    static func timeOrOff(_ target: Target<TimeOfDay?>) -> ScalarRule {
        let defaultText = ConfigurationBuilder()[keyPath: target].map(\.text) ?? "off"
        return ScalarRule(form: "off, or a time of day from 00:00 to 23:59", defaultText: defaultText) {
            (text, _, builder) throws(ValueMistake) in
            builder[keyPath: target] = text == "off" ? nil : try TimeOfDay(text)
        }
    }
}
