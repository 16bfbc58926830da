internal import CTLS
internal import Glibc

/// What a PEM file of certificates says: facts for the admin, beside the handshakes that show it.
package struct CertificateChain: Sendable, Equatable {
    /// At least one, in the order of the file: the leaf first, if the file is in order.
    package private(set) var certificates: [Certificate] = []

    /// More than any authority has levels; a bundle of authorities in the place of a chain is cut here.
    private static let certificatesMax = 32

    package struct Certificate: Sendable, Equatable {
        /// On one line, as `CN=tickets.example`.
        package var subject = ""
        package var issuer = ""
        /// DNS names and addresses.
        package var names: [String] = []
        package var startsAtUnixSeconds: Int64 = 0
        package var endsAtUnixSeconds: Int64 = 0
        package var isSelfSigned = false
        /// Signed by the key of the certificate behind it in the file; false for the last.
        package var isIssuedByNext = false
        /// SHA-256 of the whole certificate, 64 hexadecimal digits.
        package var fingerprint = ""
    }

    package var leaf: Certificate { certificates[0] }

    /// Reads the file. Throws when there is no certificate in it, or one that can't be read.
    package init(path: String) throws(ServerError) {
        let handles = try Self.read(path)
        for (index, handle) in handles.enumerated() {
            var certificate = unsafe Self.facts(handle.certificate)
            if index + 1 < handles.count {
                certificate.isIssuedByNext = unsafe Self.isIssued(handle.certificate, by: handles[index + 1].certificate)
            }
            certificates.append(certificate)
        }
    }

    /// Whether the system's authorities lead to the leaf, with the help of the others in the file and whatever the date is. Reads all of
    /// them, which takes a while.
    package static func isKnownToSystem(path: String) throws(ServerError) -> Bool {
        isKnownToSystem(try read(path))
    }

    // MARK: OpenSSL's side

    /// A certificate that OpenSSL holds for us.
    @safe private final class Handle {
        let certificate: OpaquePointer

        @unsafe init(owning certificate: OpaquePointer) {
            unsafe self.certificate = certificate
        }

        deinit {
            unsafe X509_free(certificate)
        }
    }

    private static func read(_ path: String) throws(ServerError) -> [Handle] {
        ERR_clear_error()
        // SAFETY: the BIO is ours until it is freed below; each certificate that is read is ours, and its handle frees it.
        guard let file = unsafe BIO_new_file(path, "r") else {
            throw ServerError(settings: "certificate \(path) can't be read: \(TLSErrorQueue.drain())")
        }
        defer { unsafe BIO_free(file) }
        var handles: [Handle] = []
        while handles.count < certificatesMax, let certificate = unsafe PEM_read_bio_X509(file, nil, nil, nil) {
            unsafe handles.append(Handle(owning: certificate))
        }
        // What ends a file of certificates is an error to OpenSSL: no further beginning of one.
        let isAtEnd = ctls_reason(ERR_peek_last_error()) == PEM_R_NO_START_LINE
        let reason = TLSErrorQueue.drain()
        guard !handles.isEmpty else { throw ServerError(settings: "certificate \(path) can't be read: \(reason)") }
        guard isAtEnd || handles.count == certificatesMax else {
            throw ServerError(settings: "certificate \(path): number \(handles.count + 1) in the file can't be read: \(reason)")
        }
        return handles
    }

    @unsafe private static func facts(_ certificate: OpaquePointer) -> Certificate {
        // SAFETY: names and times belong to the certificate, which the caller holds; the digest has room for the longest there is.
        var facts = Certificate()
        facts.subject = unsafe text(of: X509_get_subject_name(certificate))
        facts.issuer = unsafe text(of: X509_get_issuer_name(certificate))
        facts.names = unsafe CertificateNames.read(certificate)
        facts.startsAtUnixSeconds = unsafe seconds(X509_get0_notBefore(certificate))
        facts.endsAtUnixSeconds = unsafe seconds(X509_get0_notAfter(certificate))
        facts.isSelfSigned = unsafe X509_self_signed(certificate, 1) == 1
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        if unsafe X509_digest(certificate, EVP_sha256(), &digest, &count) == 1 {
            facts.fingerprint = Fingerprint.hexadecimal(digest.prefix(Int(count)))
        }
        ERR_clear_error()
        return facts
    }

    @unsafe private static func text(of name: OpaquePointer?) -> String {
        // SAFETY: the BIO is ours until it is freed; its bytes are copied before.
        guard let name = unsafe name, let memory = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(memory) }
        guard unsafe X509_NAME_print_ex(memory, name, 0, ctls_name_on_one_line) >= 0 else { return "" }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = unsafe BIO_read(memory, &bytes, Int32(bytes.count))
        return String(decoding: bytes.prefix(Int(max(0, count))), as: UTF8.self)
    }

    /// Since 1970; 0 for what is no time.
    @unsafe private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
        // SAFETY: both calls read and write one local structure.
        var parts = unsafe tm()
        guard let time = unsafe time, unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
        return unsafe Int64(timegm(&parts))
    }

    /// By name, by what both say of keys, and by signature.
    @unsafe private static func isIssued(_ certificate: OpaquePointer, by issuer: OpaquePointer) -> Bool {
        defer { ERR_clear_error() }
        guard unsafe X509_check_issued(issuer, certificate) == X509_V_OK, let key = unsafe X509_get0_pubkey(issuer) else { return false }
        return unsafe X509_verify(certificate, key) == 1
    }

    private static func isKnownToSystem(_ handles: [Handle]) -> Bool {
        // SAFETY: everything that is made here is freed here; the stack lends the certificates, which `handles` hold.
        guard let store = unsafe X509_STORE_new() else { return false }
        defer { unsafe X509_STORE_free(store) }
        guard let context = unsafe X509_STORE_CTX_new(), let others = unsafe OPENSSL_sk_new_null() else { return false }
        defer {
            unsafe X509_STORE_CTX_free(context)
            unsafe OPENSSL_sk_free(others)
            ERR_clear_error()
        }
        for handle in handles.dropFirst() { unsafe OPENSSL_sk_push(others, UnsafeRawPointer(handle.certificate)) }
        guard unsafe X509_STORE_set_default_paths(store) == 1,
            unsafe X509_STORE_CTX_init(context, store, handles[0].certificate, others) == 1
        else { return false }
        unsafe X509_STORE_CTX_set_flags(context, UInt(X509_V_FLAG_NO_CHECK_TIME))
        return unsafe X509_verify_cert(context) == 1
    }
}
