extension CertificateFault {
    /// As the value of the key `key`, which was written at `origin`.
    func diagnostic(_ origin: Origin, at key: String) -> Diagnostic {
        isError ? .error(origin, at: key, message) : .warning(origin, at: key, message)
    }
}
