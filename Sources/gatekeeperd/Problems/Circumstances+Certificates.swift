/// What is wrong with the certificates in force, or soon will be.
extension Circumstances {
    var certificateProblems: [Problem] { certificates.flatMap { $0.problems(at: now) } + authorities.problems(at: now) }
}
