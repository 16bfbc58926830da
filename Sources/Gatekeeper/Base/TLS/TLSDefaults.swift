internal import CTLS

/// OpenSSL's defaults that would ask, wait or obey somebody else, taken away before it is used for the first time.
///
/// It reads no configuration file of its own (`openssl.cnf`, `OPENSSL_CONF`), which may load engines, name keys and weaken what we set; and
/// where it would ask the terminal, for a passphrase or a PIN, it finds nobody (decision 0018). Nor does it free what it has when the process
/// exits: threads that are about to end do the same for their part, and both at once was a double free.
package enum TLSDefaults {
    /// Once for the process: whoever begins to use OpenSSL looks at it first.
    package static let areQuiet: Void = {
        _ = OPENSSL_init_crypto(ctls_no_configuration_file | ctls_no_cleanup_at_exit, nil)
        // SAFETY: the method without functions is constant, and this runs once, before any other thread uses OpenSSL.
        unsafe UI_set_default_method(UI_null())
    }()
}
