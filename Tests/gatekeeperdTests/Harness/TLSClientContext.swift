import CTLS
import Glibc

/// What a TLS client offers and whom it trusts; any number of sessions may share one.
///
/// `@unchecked`: OpenSSL counts references to a context atomically, and nothing changes it after `init`.
@safe
final class TLSClientContext: @unchecked Sendable {
    enum Version: Sendable, CaseIterable {
        case tls12, tls13

        fileprivate var number: Int32 { self == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION }
    }

    /// The address that the peer's certificate must name.
    let address: String
    /// The name that is asked for, and that the peer's certificate must be for in place of the address.
    let serverName: String?
    let pointer: OpaquePointer

    /// - Parameters:
    ///   - version: nil offers both.
    ///   - ciphers: suites of TLS 1.2, in OpenSSL's spelling.
    ///   - certificate: shown to a peer that asks for one.
    ///   - fragments: asks for records of at most 512, 1024, 2048 or 4096 bytes of plaintext (RFC 6066 §4).
    init(
        version: Version? = nil, alpn: [String] = [], ciphers: String? = nil, fragments: Int? = nil, address: String = "127.0.0.1",
        serverName: String? = nil, certificate: Certificates.Leaf? = nil
    ) throws {
        self.address = address
        self.serverName = serverName
        // OpenSSL writes to sockets with `write`, which raises SIGPIPE where the peer is gone.
        signal(SIGPIPE, SIG_IGN)
        // SAFETY: the context is made here, owned by this object from here on, and freed in `deinit`; OpenSSL copies lists and paths.
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else { throw Failure("SSL_CTX_new") }
        unsafe pointer = unsafe context
        var isPrepared = unsafe SSL_CTX_load_verify_locations(context, try Certificates.shared().authority, nil) == 1
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        if let version {
            unsafe ctls_ctx_set_min_proto_version(context, version.number)
            unsafe ctls_ctx_set_max_proto_version(context, version.number)
        }
        if let ciphers { unsafe isPrepared = SSL_CTX_set_cipher_list(context, ciphers) == 1 && isPrepared }
        // A list of names, each behind its length (RFC 7301 §3.1).
        let names = alpn.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !names.isEmpty { unsafe isPrepared = SSL_CTX_set_alpn_protos(context, names, UInt32(names.count)) == 0 && isPrepared }
        if let certificate {
            unsafe isPrepared = SSL_CTX_use_certificate_chain_file(context, certificate.certificate) == 1 && isPrepared
            unsafe isPrepared = SSL_CTX_use_PrivateKey_file(context, certificate.key, SSL_FILETYPE_PEM) == 1 && isPrepared
        }
        if let fragments {
            // The extension counts: 1 is 2⁹ bytes, 4 is 2¹².
            let code = UInt8(fragments.trailingZeroBitCount - 8)
            unsafe isPrepared = SSL_CTX_set_tlsext_max_fragment_length(context, code) == 1 && isPrepared
        }
        guard isPrepared else { throw Failure("cannot prepare a TLS client: \(Self.takeErrors())") }
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }

    private static let common = Result { try TLSClientContext() }

    /// Both versions, nothing special: what most tests want, made once.
    static func shared() throws -> TLSClientContext { try common.get() }

    /// Empties this thread's error queue into words.
    static func takeErrors() -> String {
        let error = errno
        var words: [String] = []
        while case let code = ERR_get_error(), code != 0 {
            words.append(unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) } ?? "error \(code)")
        }
        return words.isEmpty ? "errno \(error)" : words.joined(separator: ", ")
    }
}
