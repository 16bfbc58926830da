internal import Gatekeeper

/// A certificate for `localhost` and the authority that curl needs to believe it, made by the `openssl` command.
///
/// The authority's key is removed as soon as it has signed: whoever finds the folder later can't sign anything with it.
struct DemoCertificate {
    let authorityPath: String
    let certificatePath: String
    let keyPath: String

    private static let authority = "ca.pem"
    private static let authorityKey = "ca-key.pem"
    private static let certificate = "localhost.pem"
    private static let key = "localhost-key.pem"
    private static let log = "openssl.log"
    private static let days = "30"

    /// Makes the files in `folder`, or takes the ones there if they are valid for another day.
    init(in folder: borrowing PrivateFolder) throws(DemoFailure) {
        authorityPath = folder.file(Self.authority)
        certificatePath = folder.file(Self.certificate)
        keyPath = folder.file(Self.key)
        do throws(SystemError) {
            if folder.has(Self.authority), folder.has(Self.certificate), folder.has(Self.key),
                try Program.run(
                    ["openssl", "x509", "-checkend", "86400", "-noout", "-in", certificatePath], output: folder.file(Self.log)) == 0
            {
                return
            }
            // Without this file openssl would mix in the extensions of the system's own configuration.
            try folder.write("[req]\ndistinguished_name = name\n[name]\n", to: "openssl.cnf")
        } catch {
            throw DemoFailure("cannot \(error)")
        }
        try Self.openssl(
            folder,
            [
                "-subj", "/CN=Gatekeeper demonstration CA", "-keyout", folder.file(Self.authorityKey), "-out", authorityPath,
                "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            ])
        try Self.openssl(
            folder,
            [
                "-CA", authorityPath, "-CAkey", folder.file(Self.authorityKey),
                "-subj", "/CN=localhost", "-keyout", keyPath, "-out", certificatePath,
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1", "-addext", "basicConstraints=critical,CA:FALSE",
                "-addext", "keyUsage=critical,digitalSignature", "-addext", "extendedKeyUsage=serverAuth",
            ])
        folder.remove(Self.authorityKey)
    }

    private static func openssl(_ folder: borrowing PrivateFolder, _ arguments: [String]) throws(DemoFailure) {
        let command =
            ["openssl", "req", "-x509", "-config", folder.file("openssl.cnf"), "-days", days]
            + ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"] + arguments
        let status: Int32
        do {
            status = try Program.run(command, output: folder.file(log))
        } catch {
            throw DemoFailure("cannot \(error); the demonstration needs the openssl command (Debian: apt-get install openssl)")
        }
        guard status == 0 else {
            let said = (try? FileContents.read(folder.file(log), bytesMax: 64 << 10)) ?? []
            let line = String(decoding: said, as: UTF8.self).split(separator: "\n").last.map { ": \($0)" } ?? ""
            throw DemoFailure("openssl could not make a certificate (exit status \(status))\(line)")
        }
    }
}
