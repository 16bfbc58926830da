internal import CTLS

/// What a file is that holds no PEM.
enum FileNature: Equatable {
    case empty
    case utf16
    case der(DER)
    case javaKeystore
    case zip
    case webPage
    case puttyKey
    /// Base64 without the lines around it.
    case bareBase64
    case unknown

    /// What a DER file is.
    enum DER: CaseIterable {
        case certificate, request, revocationList, pkcs12, pkcs7, encryptedKey, key, publicKey
    }

    init(_ bytes: [UInt8]) {
        let text = bytes.drop { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
        if text.isEmpty {
            self = .empty
        } else if Self.isUTF16(bytes) {
            self = .utf16
        } else if bytes[0] == 0x30, let kind = DER.allCases.first(where: { $0.reads(bytes) }) {
            self = .der(kind)
        } else if bytes.starts(with: [0xfe, 0xed, 0xfe, 0xed]) {
            self = .javaKeystore
        } else if bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) {
            self = .zip
        } else if text.first == UInt8(ascii: "<") {
            self = .webPage
        } else if text.starts(with: "PuTTY-User-Key-File".utf8) {
            self = .puttyKey
        } else if text.starts(with: "MI".utf8), text.allSatisfy(Self.isBase64) {
            self = .bareBase64
        } else {
            self = .unknown
        }
    }

    /// By its byte order mark, or by a hyphen as its first character.
    private static func isUTF16(_ bytes: [UInt8]) -> Bool {
        [[0xff, 0xfe], [0xfe, 0xff], [0x2d, 0x00], [0x00, 0x2d]].contains { bytes.starts(with: $0) }
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), 0x0a, 0x0d, 0x20: true
        default: Base64.value(of: byte) != nil
        }
    }
}

extension FileNature.DER {
    /// Whether the bytes are one of this kind, as far as its structure tells.
    fileprivate func reads(_ bytes: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        // SAFETY: every call reads `count` bytes of the array at most; what it makes is ours and is freed at once.
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            let count = buffer.count
            switch self {
            case .certificate:
                guard let object = unsafe d2i_X509(nil, &cursor, count) else { return false }
                unsafe X509_free(object)
            case .request:
                guard let object = unsafe d2i_X509_REQ(nil, &cursor, count) else { return false }
                unsafe X509_REQ_free(object)
            case .revocationList:
                guard let object = unsafe d2i_X509_CRL(nil, &cursor, count) else { return false }
                unsafe X509_CRL_free(object)
            case .pkcs12:
                guard let object = unsafe d2i_PKCS12(nil, &cursor, count) else { return false }
                unsafe PKCS12_free(object)
            case .pkcs7:
                guard let object = unsafe d2i_PKCS7(nil, &cursor, count) else { return false }
                unsafe PKCS7_free(object)
            case .encryptedKey:
                guard let object = unsafe d2i_X509_SIG(nil, &cursor, count) else { return false }
                unsafe X509_SIG_free(object)
            case .key:
                guard let object = unsafe d2i_AutoPrivateKey(nil, &cursor, count) else { return false }
                unsafe EVP_PKEY_free(object)
            case .publicKey:
                guard let object = unsafe d2i_PUBKEY(nil, &cursor, count) else { return false }
                unsafe EVP_PKEY_free(object)
            }
            return true
        }
    }
}
