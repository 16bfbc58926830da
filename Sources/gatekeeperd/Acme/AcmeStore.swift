internal import Gatekeeper

/// Accounts, orders and certificates below `STATE/acme`, everything on the disk before it is used.
///
/// ```
/// accounts/acme.example-0f3a…/key.pem, account.json
/// certificates/tickets.example.org/order.json, key.pem      the order that is under way
///                                  7/fullchain.pem, privkey.pem
///                                  current -> 7             swapped as one, so that certificate and key fit
/// ```
struct AcmeStore: Sendable {
    let root: String
    /// Called before each change; a test has it fail.
    var willChange: @Sendable (_ path: String) throws(SystemError) -> Void = { _ throws(SystemError) in }

    private static let fileBytesMax = 1 << 20
    private static let issuesKept = 2

    init(root: String) {
        self.root = root
    }

    func folder(of names: [String]) -> String { AcmeSettings.folder(of: names, in: root) }

    func accountFolder(of settings: AcmeSettings) -> String {
        let host = settings.directory.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2).first.map(String.init) ?? ""
        let hash = Fingerprint.sha256(of: Array("\(settings.directory) \(settings.binding?.identifier ?? "")".utf8))
        return "\(root)/accounts/\(Self.fileName(host))-\(hash.prefix(16))"
    }

    private static func fileName(_ name: String) -> String {
        let text = String(
            decoding: name.utf8.map { byte in
                byte == UInt8(ascii: "*") || byte == UInt8(ascii: "/") || byte <= 0x20 ? UInt8(ascii: "_") : byte
            }, as: UTF8.self)
        return text.hasPrefix(".") ? "_" + text.dropFirst() : text
    }

    // MARK: What is remembered

    func record(of names: [String]) -> AcmeRecord? { json(recordPath(of: names)).flatMap { AcmeRecord($0) } }

    func write(_ record: AcmeRecord, of names: [String]) throws(AcmeError) {
        try write(Array(record.json.text.utf8), to: recordPath(of: names))
    }

    private func recordPath(of names: [String]) -> String { folder(of: names) + "/order.json" }

    func accountPath(of settings: AcmeSettings) -> String { accountFolder(of: settings) + "/account.json" }

    /// What the authority calls our account; nil before there is one.
    func accountURL(of settings: AcmeSettings) -> String? { json(accountPath(of: settings))?.string("url") }

    // MARK: Files

    /// Makes the folders down to this one, from `root` on.
    func prepare(_ folder: String) throws(AcmeError) {
        try change(root) { () throws(SystemError) in
            var path = root
            try DurableFile.makeFolder(path)
            for part in folder.dropFirst(root.count).split(separator: "/") {
                path += "/" + part
                try DurableFile.makeFolder(path)
            }
        }
    }

    func write(_ bytes: [UInt8], to path: String) throws(AcmeError) {
        try change(path) { () throws(SystemError) in try DurableFile.write(bytes, to: path) }
    }

    func remove(_ path: String) throws(AcmeError) {
        try change(path) { () throws(SystemError) in try DurableFile.remove(path) }
    }

    private func change(_ path: String, _ body: () throws(SystemError) -> Void) throws(AcmeError) {
        do throws(SystemError) {
            try willChange(path)
            try body()
        } catch {
            throw AcmeError(error)
        }
    }

    /// Nil where there is none, or none of ours.
    func json(_ path: String) -> JSON? {
        (try? FileContents.read(path, bytesMax: Self.fileBytesMax)).flatMap(JSONReader.read)
    }

    /// The key in this file, which is made and written first if there is none.
    func key(_ path: String) throws(AcmeError) -> SigningKey {
        do throws(FileFailure) {
            try FileContents.checkReadable(path)
        } catch {
            guard error.isAbsent else { throw AcmeError(.storage, "\(error); see that the service may read it") }
            let (key, pem) = try AcmeError.storage { () throws(ServerError) in
                let key = try SigningKey()
                return (key, try key.pem())
            }
            try write(pem, to: path)
            return key
        }
        do throws(ServerError) {
            return try SigningKey(path: path)
        } catch {
            throw AcmeError(
                .storage, "\(error); remove \(path.contains("/accounts/") ? FilePath.parent(of: path) : "it"), and another is made")
        }
    }

    // MARK: Issues

    /// The certificate that is there; nil for none, and for one that can't be read or has lost its key.
    func certificate(of names: [String]) -> CertificateChain? {
        let current = folder(of: names) + "/current"
        guard (try? FileContents.checkReadable(current + "/privkey.pem")) != nil else { return nil }
        return try? CertificateChain(path: current + "/fullchain.pem")
    }

    /// Puts a chain and its key in the place of those that are there, as one, unless `objection` throws.
    func install(
        _ chain: [UInt8], _ key: [UInt8], of names: [String], unless objection: (_ chain: String, _ key: String) throws(AcmeError) -> Void
    ) throws(AcmeError) {
        let folder = folder(of: names)
        let number = SymbolicLink.target(of: folder + "/current").flatMap { Int($0) } ?? 0
        // As they are after a crash that came behind the swap.
        if (try? FileContents.read(folder + "/current/fullchain.pem", bytesMax: Self.fileBytesMax)) == chain,
            (try? FileContents.read(folder + "/current/privkey.pem", bytesMax: Self.fileBytesMax)) == key
        {
            return
        }
        let issue = "\(folder)/\(number + 1)"
        try prepare(issue)
        try write(key, to: issue + "/privkey.pem")
        try write(chain, to: issue + "/fullchain.pem")
        try objection(issue + "/fullchain.pem", issue + "/privkey.pem")
        try change(folder + "/current") { () throws(SystemError) in try DurableFile.link(folder + "/current", to: "\(number + 1)") }
        for name in FolderContents.names(in: folder) {
            if let old = Int(name), old <= number + 1 - Self.issuesKept { try remove("\(folder)/\(name)") }
        }
    }
}
