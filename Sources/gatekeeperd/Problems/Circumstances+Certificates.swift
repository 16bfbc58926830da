/// What is wrong with the certificates in force, or soon will be.
extension Circumstances {
    var certificateProblems: [Problem] { ServedCertificate.problems(of: certificates, at: now) + authorities.problems(at: now) }
}
