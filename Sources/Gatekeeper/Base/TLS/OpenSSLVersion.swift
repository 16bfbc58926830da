internal import CTLS

/// The OpenSSL that this process runs with, which an upgrade of the system may have made newer than the one that it was built with.
package enum OpenSSLVersion {
    /// As OpenSSL says it: `OpenSSL 3.0.17 1 Jul 2025`.
    package static var running: String {
        // SAFETY: OpenSSL_version returns a constant string that a NUL ends.
        unsafe String(cString: OpenSSL_version(OPENSSL_VERSION))
    }

    package static var builtWith: String { OPENSSL_VERSION_TEXT }
}
