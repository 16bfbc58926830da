/// What is to be said of the names that a certificate is ordered for.
struct OrderSight {
    var order: OrderExamination.Order

    var sight: InitSight {
        var sight = InitSight()
        let examination = OrderExamination(orders: [order])
        for name in order.names {
            let findings =
                Doctor.settled(examination.addresses(of: name, order))
                + examination.policy(of: name, order).filter { $0.severity == .wrong }
            for finding in findings {
                sight.lines.append("\(finding.seen).")
                if let advice = finding.advice { sight.lines.append("What to do: \(advice).") }
                if finding.severity == .wrong { sight.isDoubtful = true }
            }
        }
        return sight
    }
}
