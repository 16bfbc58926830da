import CTLS

/// SHA-256 of bytes as they pass, for bodies too large to keep.
@safe
final class Digest {
    private let context: OpaquePointer

    init() {
        // SAFETY (all of this type): the context is made here, freed in `deinit` and used by one thread at a time.
        unsafe context = EVP_MD_CTX_new()!
        unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    func update(_ bytes: some Collection<UInt8>) {
        _ = bytes.withContiguousStorageIfAvailable { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// Ends the digest; to be asked for once.
    func finish() -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        unsafe EVP_DigestFinal_ex(context, &bytes, nil)
        return bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    static func hex(of bytes: [UInt8]) -> String {
        let digest = Digest()
        digest.update(bytes)
        return digest.finish()
    }
}
