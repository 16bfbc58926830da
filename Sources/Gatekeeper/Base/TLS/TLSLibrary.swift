internal import CTLS

/// A worker's own instance of OpenSSL's library state: algorithms, providers, and the locks around them.
///
/// OpenSSL 3 looks algorithms up several times a handshake, each time under a lock of the library context. With one context for all,
/// workers spend their time passing the cache lines of these locks to each other; with one each they share nothing (decision 0003).
///
/// SAFETY (`@unchecked Sendable`): a library context may be used by any thread (OSSL_LIB_CTX(3)).
@safe final class TLSLibrary: @unchecked Sendable {
    let context: OpaquePointer
    /// AES-256-CBC, looked up once and not, under a lock, with every ticket.
    let ticketCipher: OpaquePointer?

    init() throws(TLSSetupError) {
        TLSDefaults.areQuiet
        guard let context = unsafe OSSL_LIB_CTX_new() else { throw TLSSetupError("OpenSSL can't be set up: \(TLSErrorQueue.drain())") }
        unsafe self.context = context
        unsafe ticketCipher = EVP_CIPHER_fetch(context, "AES-256-CBC", nil)
    }

    // Never freed: every thread that has used a library context keeps a handler for its end that refers to it (OPENSSL_init_crypto(3)).
    // There is one for each worker, for as long as the process lives.
}

/// Why a certificate, a key or an authority can't be used; one sentence for the admin.
struct TLSSetupError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
