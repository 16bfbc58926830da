extension CertificateFault {
    /// As the value of the key `key`, which was written at `origin`.
    func finding(_ origin: Origin, at key: String) -> Finding {
        isError ? .error(origin, at: key, message) : .warning(origin, at: key, message)
    }
}
