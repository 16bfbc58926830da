internal import Gatekeeper

/// The rules of the status page.
extension ScalarRule {
    static var statusAddress: ScalarRule {
        ScalarRule(form: "ADDRESS:PORT, on loopback unless status_token is set", defaultText: nil) {
            (text, context, builder) throws(ValueMistake) in
            do throws(AddressSyntaxError) {
                builder.statusAddress = Located(value: try SocketAddress(parsing: text), origin: context.origin, written: context.written)
            } catch {
                throw ValueMistake(in: text, error.description)
            }
        }
    }

    static var statusToken: ScalarRule {
        let form = "\(StatusToken.bytes.lowerBound) to \(StatusToken.bytes.upperBound) visible ASCII characters, best as ${NAME}"
        var rule = ScalarRule(form: form, defaultText: nil) { (text, context, builder) throws(ValueMistake) in
            builder.statusToken = Located(value: try StatusToken(text), origin: context.origin)
        }
        rule.isSecret = true
        return rule
    }
}

extension Validation {
    /// What is wrong with the status page beside the rest.
    static func statusMistakes(_ reader: ConfigurationReader) -> [Finding] {
        let builder = reader.builder
        guard let status = builder.statusAddress else {
            return builder.statusToken.map {
                [.warning($0.origin, at: "status_token", "nothing is served that would ask for it; set status")]
            }
                ?? []
        }
        let address = status.value
        var mistakes: [Finding] = []
        if !address.isLoopback, builder.statusToken == nil, !reader.failed.contains("status_token") {
            mistakes.append(
                .error(
                    status.origin, at: "status",
                    "\(status.shown) can be reached from other machines: set status_token, or take loopback, as 127.0.0.1:\(status.written == nil ? address.port : 9180)"
                ))
        }
        if let listener = builder.listeners.first(where: { $0.value.address.overlaps(address) }) {
            let taken = listener.written ?? "\(listener.value.address)"
            mistakes.append(
                .error(
                    status.origin, at: "status", "\(status.shown) is taken by the listener \(taken) (\(listener.origin)); take another port"
                ))
        }
        return mistakes
    }
}
