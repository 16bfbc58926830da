/// Certificates that should have come.
extension Circumstances {
    var orderProblems: [Problem] {
        orders.compactMap { certificate in
            guard let order = certificate.order else { return nil }
            let names = certificate.names.joined(separator: ", ")
            if let failure = order.failure {
                let retry = order.pausedUntil.map { "it is tried again at \($0.text)" } ?? "it is tried again by itself"
                return Problem(
                    .certificateOrderFailed, of: names, "the certificate for \(names) can't be had: \(failure.text)",
                    cure: "\(retry), and at once by `gatekeeperd certificates renew \(certificate.names[0])`", since: failure.at)
            }
            guard certificate.expiresAt == nil else { return nil }
            return Problem(
                .certificateAwaited, of: names,
                "there is no certificate for \(names) yet, so clients get an alert, or the one that was served before",
                cure: "wait a moment: it is being ordered; `gatekeeperd certificates` says how far it is", since: loadedAt)
        }
    }
}
