/// What is said of a file that isn't what its key in the configuration wants: the rest of a sentence that begins with the file.
enum PEMWords {
    static func passphrase(_ path: String) -> String {
        let (old, new) = (ShellText.name(of: path), ShellText.name(of: path + ".plain"))
        return "the key is encrypted, and nobody is asked for a passphrase; `openssl pkey -in \(old) -out \(new)` takes it off: "
            + "keep the new file from other eyes (mode 0600)"
    }

    /// Of a file that has PEM blocks, but none of those that are wanted.
    static func others(_ labels: [String], _ path: String, _ role: PEMFile.Role) -> String {
        let old = ShellText.name(of: path)
        let new = ShellText.name(of: path + ".pem")
        let wanted = wanted(role)
        func holds(_ word: String) -> Bool { labels.contains { $0.contains(word) } }
        if holds("OPENSSH PRIVATE KEY") {
            return "holds a key in OpenSSH's own form; `ssh-keygen -p -N '' -m PEM -f \(old)` makes PEM of it in place"
        }
        if holds("PRIVATE KEY") { return "holds a private key and no \(wanted); are the two files exchanged?" }
        if holds("CERTIFICATE REQUEST") {
            return "holds a certificate request and no \(wanted); send it to an authority, and use the certificate that comes back"
        }
        if labels.contains("PKCS7") || labels.contains("CMS") {
            return "holds PKCS #7 (.p7b) and no \(wanted) in PEM; `openssl pkcs7 -print_certs -in \(old) -out \(new)` makes it"
        }
        if holds("CERTIFICATE") {
            return "holds a certificate and no \(wanted)" + (role == .key ? "; are the two files exchanged?" : "")
        }
        if holds("CRL") { return "holds a revocation list and no \(wanted)" }
        if holds("PUBLIC KEY") { return "holds a public key and no \(wanted)" }
        if holds("PARAMETERS") { return "holds parameters and no \(wanted)" }
        if holds("PGP") { return "holds something of PGP's and no \(wanted)" }
        return "holds no \(wanted)"
    }

    /// Of a file without a PEM block.
    static func nature(_ nature: FileNature, _ path: String, _ role: PEMFile.Role) -> String {
        let old = ShellText.name(of: path)
        let new = ShellText.name(of: path + ".pem")
        let wanted = wanted(role)
        return switch nature {
        case .empty: "is empty; \(wanted == "private key" ? "put the key there again" : "put it there again"), as PEM"
        case .utf16: "is UTF-16 text, as Windows writes it; `iconv -f UTF-16 -t ASCII \(old) > \(new)` makes plain text of it"
        case .der(let kind): der(kind, old, new, role)
        case .javaKeystore:
            "is a Java keystore; `keytool -importkeystore -srckeystore \(old) -destkeystore \(ShellText.name(of: path + ".p12")) "
                + "-deststoretype pkcs12` makes PKCS #12 of it, and openssl pkcs12 PEM of that"
        case .zip: "is a ZIP archive; unpack it: the files in it are what is wanted"
        case .webPage: "is a web page or XML and no \(wanted); a download that went wrong, perhaps"
        case .puttyKey: "is a PuTTY key; `puttygen \(old) -O private-openssh -o \(new)` makes PEM of it"
        case .bareBase64:
            "is base64 without its BEGIN and END lines; "
                + "`(echo -----BEGIN \(label(role))-----; fold -w 64 \(old); echo; echo -----END \(label(role))-----) > \(new)` adds them"
        case .unknown: "is no PEM: a line as -----BEGIN \(label(role))----- begins it, and there is none"
        }
    }

    private static func der(_ kind: FileNature.DER, _ old: String, _ new: String, _ role: PEMFile.Role) -> String {
        switch kind {
        case .pkcs12:
            let part = role == .key ? "-nocerts -nodes" : role == .authorities ? "-cacerts -nokeys" : "-nokeys"
            return
                "is PKCS #12 (.pfx, .p12) and not PEM; `openssl pkcs12 -in \(old) \(part) -out \(new)` takes the \(wanted(role)) out of it"
                + " (with -legacy if it is an old one)"
        case .pkcs7:
            return
                "is PKCS #7 (.p7b) and not PEM; `openssl pkcs7 -inform der -print_certs -in \(old) -out \(new)` takes the certificates out"
        case .certificate:
            guard role == .certificate || role == .authorities else { return "is a certificate, in DER, and no \(wanted(role))" }
            return
                "is DER, the binary form of a certificate, and not PEM; `openssl x509 -inform der -in \(old) -out \(new)` makes PEM of it"
        case .revocationList:
            guard role == .revocations else { return "is a revocation list, in DER, and no \(wanted(role))" }
            return "is DER, the binary form of a revocation list, and not PEM; "
                + "`openssl crl -inform der -in \(old) -out \(new)` makes PEM of it"
        case .key, .encryptedKey:
            guard role == .key else { return "is a private key, in DER, and no \(wanted(role)); are the two files exchanged?" }
            let seal = kind == .key ? "" : ", protected by a passphrase,"
            return "is DER, the binary form of a key,\(seal) and not PEM; `openssl pkey -inform der -in \(old) -out \(new)` makes PEM of it"
        case .request: return "is a certificate request, in DER, and no \(wanted(role)); send it to an authority, and use what comes back"
        case .publicKey: return "is a public key, in DER, and no \(wanted(role))"
        }
    }

    private static func wanted(_ role: PEMFile.Role) -> String {
        switch role {
        case .certificate: "certificate"
        case .key: "private key"
        case .authorities: "authority's certificate"
        case .revocations: "revocation list"
        }
    }

    private static func label(_ role: PEMFile.Role) -> String {
        switch role {
        case .certificate, .authorities: "CERTIFICATE"
        case .key: "PRIVATE KEY"
        case .revocations: "X509 CRL"
        }
    }
}
