internal import CTLS

/// A file of certificates, of a key or of revocation lists that the configuration names, read and made ready for OpenSSL.
///
/// Every mistake is one sentence that begins with the file, says what it is, and ends with the command that mends it where there is one.
/// Nothing of the content is quoted, and nobody is asked for a passphrase: what is protected by one is refused.
struct PEMFile {
    /// What the configuration wants of it.
    enum Role: String {
        case certificate, key, authorities
        case revocations = "revocation list"
    }

    let path: String
    private let role: Role
    private let text: PEMText

    init(_ path: String, _ role: Role) throws(TLSSetupError) {
        self.path = path
        self.role = role
        var bytes: [UInt8]
        do throws(RegularFile.Failure) {
            bytes = try RegularFile.read(path)
        } catch {
            throw TLSSetupError("\(role.rawValue) \(path) can't be loaded: \(error.words)")
        }
        defer { Self.wipe(&bytes) }
        // A byte order mark is harmless, and some editors can't help it.
        let content = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
        do throws(PEMMistake) {
            text = try PEMText(content)
        } catch {
            throw TLSSetupError("\(role.rawValue) \(path) can't be loaded: \(error.words(for: path))")
        }
        if text.blocks.isEmpty {
            throw TLSSetupError("\(role.rawValue) \(path) can't be loaded: it \(PEMWords.nature(FileNature(Array(content)), path, role))")
        }
    }

    // MARK: What it holds

    private static let certificateLabels: Set<String> = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"]
    private static let keyLabels: Set<String> = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"]
    private static let revocationLabels: Set<String> = ["X509 CRL"]

    /// At least one, in the order of the file, with algorithms of `library`; nil for the default one's.
    func certificates(by library: TLSLibrary? = nil, atMost countMax: Int = .max) throws(TLSSetupError) -> [OpenSSLObject] {
        var certificates: [OpenSSLObject] = []
        for block in try blocks(Self.certificateLabels).prefix(countMax) {
            guard let certificate = unsafe Self.certificate(block, library) else {
                let reason = TLSErrorQueue.drain()
                throw unreadable("number \(certificates.count + 1) in the file can't be read: \(reason) (line \(block.line))")
            }
            certificates.append(certificate)
        }
        return certificates
    }

    /// The first one in the file, with algorithms of `library`; nil for the default one's.
    func privateKey(by library: TLSLibrary? = nil) throws(TLSSetupError) -> OpenSSLObject {
        guard let block = try blocks(Self.keyLabels).first else { throw unreadable("it holds no private key") }
        var der = block.der
        defer { Self.wipe(&der) }
        // SAFETY: the call reads `count` bytes of the array at most; the key that it makes is ours.
        let key = unsafe der.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return unsafe d2i_AutoPrivateKey_ex(nil, &cursor, buffer.count, library?.context, nil)
        }
        guard let key = unsafe key else {
            throw unreadable("the key at line \(block.line) can't be read: \(TLSErrorQueue.drain())")
        }
        ERR_clear_error()
        return unsafe OpenSSLObject(owning: key) { unsafe EVP_PKEY_free($0) }
    }

    /// At least one.
    func revocationLists(by library: TLSLibrary? = nil) throws(TLSSetupError) -> [OpenSSLObject] {
        var lists: [OpenSSLObject] = []
        for block in try blocks(Self.revocationLabels) {
            // SAFETY: the call reads `count` bytes of the array at most. It fills the list in, which is ours, or frees it and sets it to null.
            var list = unsafe X509_CRL_new_ex(library?.context, nil)
            let isRead = unsafe block.der.withUnsafeBufferPointer { buffer in
                var cursor = buffer.baseAddress
                return unsafe d2i_X509_CRL(&list, &cursor, buffer.count) != nil
            }
            guard isRead, let list = unsafe list else {
                throw unreadable("number \(lists.count + 1) in the file can't be read: \(TLSErrorQueue.drain()) (line \(block.line))")
            }
            unsafe lists.append(OpenSSLObject(owning: list) { unsafe X509_CRL_free($0) })
        }
        return lists
    }

    /// The line of the first revocation list, which has no business among certificates.
    var revocationListLine: Int? { text.blocks.first { Self.revocationLabels.contains($0.label) }?.line }

    // MARK: Pieces

    private func blocks(_ labels: Set<String>) throws(TLSSetupError) -> [PEMText.Block] {
        if role == .key, let block = text.blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }),
            block.isEncrypted || block.label == "ENCRYPTED PRIVATE KEY"
        {
            throw unreadable("\(PEMWords.passphrase(path)) (line \(block.line))")
        }
        let found = text.blocks.filter { labels.contains($0.label) }
        guard !found.isEmpty else {
            throw TLSSetupError("\(role.rawValue) \(path) can't be loaded: it \(PEMWords.others(text.blocks.map(\.label), path, role))")
        }
        if let block = found.first(where: \.isEncrypted) {
            throw unreadable("the block at line \(block.line) is encrypted, and nobody is asked for a passphrase; put it there in clear")
        }
        return found
    }

    private func unreadable(_ words: String) -> TLSSetupError { TLSSetupError("\(role.rawValue) \(path) can't be loaded: \(words)") }

    @unsafe private static func certificate(_ block: PEMText.Block, _ library: TLSLibrary?) -> OpenSSLObject? {
        // SAFETY: what is begun here is freed here unless it is handed out; the call reads `count` bytes of the array at most.
        guard let empty = unsafe X509_new_ex(library?.context, nil) else { return nil }
        var certificate: OpaquePointer? = unsafe empty
        let isRead = unsafe block.der.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            // Frees the certificate and sets it to null where it fails.
            return unsafe block.label == "TRUSTED CERTIFICATE"
                ? d2i_X509_AUX(&certificate, &cursor, buffer.count) != nil : d2i_X509(&certificate, &cursor, buffer.count) != nil
        }
        guard isRead, let certificate = unsafe certificate else { return nil }
        return unsafe OpenSSLObject(owning: certificate) { unsafe X509_free($0) }
    }

    /// Leaves nothing of a key in freed memory.
    private static func wipe(_ bytes: inout [UInt8]) {
        // SAFETY: writes the array's own bytes.
        unsafe bytes.withUnsafeMutableBytes { buffer in
            if let base = buffer.baseAddress { unsafe OPENSSL_cleanse(base, buffer.count) }
        }
    }
}
