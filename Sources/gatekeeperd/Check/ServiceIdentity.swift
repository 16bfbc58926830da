/// As whom the service runs, and with what: what decides whether it can read a key or bind a port, beside what the files say.
struct ServiceIdentity: Equatable, Sendable {
    var user: String
    var userNumber: UInt32
    var group: UInt32
    var groups: [UInt32] = []
    /// One bit each.
    var capabilities: UInt64 = 0
    /// What the service's environment has, beside the usual.
    var environment: [String] = []
    /// Folders that systemd makes, and gives to the user, at the start.
    var madeFolders: [String] = []
    /// Folders that the unit hides from the service, each with the setting that does.
    var hiddenFolders: [String: String] = [:]
    /// Whether it can write into its own folders alone (`ProtectSystem=strict`).
    var writesOwnFoldersOnly = false
    /// Further ones that it may write into.
    var writableFolders: [String] = []
    /// The unit that says so; nil for a user that was named.
    var unit: String?
    /// What couldn't be found out.
    var doubts: [String] = []
    /// Why systemd wouldn't start it.
    var obstacles: [String] = []

    /// `gatekeeper (cap_net_bind_service), as /usr/lib/systemd/system/gatekeeperd.service has it`.
    var text: String {
        "\(user) (\(CapabilityName.text(capabilities)))" + (unit.map { ", as \($0) has it" } ?? "")
    }

    /// As the kernel knows it.
    var process: PrivilegeDrop.Identity {
        PrivilegeDrop.Identity(user: user, userNumber: userNumber, group: group, groups: groups, capabilities: capabilities)
    }

    // MARK: From a unit

    /// What the unit says; throws where its user isn't there.
    ///
    /// - Parameter name: of a user in the place of the unit's.
    init(_ unit: UnitFile?, user name: String? = nil) throws(ValueMistake) {
        let isDynamic = name == nil && unit?.isOn("DynamicUser") == true
        let wanted = name ?? unit?.value("User") ?? (isDynamic ? "nobody" : "root")
        guard let account = AccountDatabase.user(wanted) ?? (isDynamic ? AccountDatabase.user("nobody") : nil) else {
            let advice = name == nil ? "; make it (systemd-sysusers, or adduser --system --group \(wanted))" : ""
            let whose = name == nil ? ", as which \(unit?.paths.first ?? UnitFile.name) runs the service" : ""
            throw ValueMistake("there is no user \(Quantity.quoted(wanted))\(whose)\(advice)")
        }
        user = account.name
        userNumber = account.number
        group = name == nil ? unit?.value("Group").flatMap(AccountDatabase.group) ?? account.group : account.group
        groups =
            AccountDatabase.groups(of: account, with: group) + (unit?.words("SupplementaryGroups") ?? []).compactMap(AccountDatabase.group)
        let bounding = unit?.settings["CapabilityBoundingSet"].map(CapabilityName.mask) ?? CapabilityName.every
        // Root has all that it may have; anybody else what is handed to him.
        capabilities =
            bounding & (account.number == 0 ? CapabilityName.every : CapabilityName.mask(unit?.settings["AmbientCapabilities"] ?? []))
        self.unit = unit?.paths.first
        guard let unit else { return }
        takeFolders(of: unit)
        takeEnvironment(of: unit, account)
    }

    private mutating func takeFolders(of unit: UnitFile) {
        var variables: [String: [String]] = [:]
        for (key, parent) in [
            ("RuntimeDirectory", "/run"), ("StateDirectory", "/var/lib"), ("CacheDirectory", "/var/cache"), ("LogsDirectory", "/var/log"),
            ("ConfigurationDirectory", "/etc"),
        ] {
            let folders = unit.words(key).map { "\(parent)/\($0.prefix { $0 != ":" })" }
            guard !folders.isEmpty else { continue }
            let variable = key.dropLast("Directory".count).uppercased() + "_DIRECTORY"
            variables[variable] = folders
            // That of the configuration stays whose it is.
            if key != "ConfigurationDirectory" { madeFolders += folders }
        }
        environment += variables.map { "\($0)=\($1.joined(separator: ":"))" }.sorted()
        if let home = unit.value("ProtectHome")?.lowercased(), ["yes", "true", "on", "1", "tmpfs"].contains(home) {
            for folder in ["/home", "/root", "/run/user"] { hiddenFolders[folder] = "ProtectHome=\(home)" }
        }
        if unit.isOn("PrivateTmp") { for folder in ["/tmp", "/var/tmp"] { hiddenFolders[folder] = "PrivateTmp=yes" } }
        for folder in unit.words("InaccessiblePaths") {
            hiddenFolders[String(folder.drop { $0 == "-" || $0 == "+" })] = "InaccessiblePaths="
        }
        writesOwnFoldersOnly = unit.value("ProtectSystem") == "strict"
        writableFolders = unit.words("ReadWritePaths").map { String($0.drop { $0 == "-" || $0 == "+" }) } + ["/dev", "/proc", "/sys"]
    }

    private mutating func takeEnvironment(of unit: UnitFile, _ account: AccountDatabase.User) {
        // In the order in which systemd lets one take the place of another (systemd.exec(5)).
        environment += ["HOME=\(account.home)", "USER=\(account.name)", "LOGNAME=\(account.name)"]
        takeCredentials(of: unit)
        for name in unit.words("PassEnvironment") { if let value = Environment.value(of: name) { environment.append("\(name)=\(value)") } }
        environment += unit.words("Environment")
        for value in unit.settings["EnvironmentFile"] ?? [] { takeEnvironment(ofFile: value) }
        environment = Environment.settled(environment)
    }

    private mutating func takeEnvironment(ofFile value: String) {
        let path = String(value.drop { $0 == "-" })
        guard !path.contains("%") else {
            return doubts.append("EnvironmentFile=\(path) has a specifier, and what it stands for wasn't looked up")
        }
        // Each of those that a pattern stands for; the pattern itself where there is none.
        for path in FolderContents.paths(matching: path) {
            do {
                environment += try EnvironmentFile.read(path).map { "\($0.name)=\($0.value)" }
            } catch {
                // A dash before it says that it may be missing.
                if !value.hasPrefix("-") {
                    obstacles.append("EnvironmentFile=\(error.path) \(error.problem), and the service can't start without it")
                }
            }
        }
    }

    private mutating func takeCredentials(of unit: UnitFile) {
        guard unit.settings["LoadCredential"]?.isEmpty == false || unit.settings["LoadCredentialEncrypted"]?.isEmpty == false else {
            return
        }
        let folder = "/run/credentials/\(UnitFile.name)"
        environment.append("CREDENTIALS_DIRECTORY=\(folder)")
        if !FileContents.isFolder(folder) {
            doubts.append("LoadCredential= gives its files when the service starts, and they can't be looked at before")
        }
    }

    // MARK: What it means for a path

    /// Why the service wouldn't find a file that is there; nil if it would.
    func obstacle(toReading path: String) -> String? {
        guard let (folder, setting) = hiddenFolders.first(where: { Self.isIn(path, $0.key) }) else { return nil }
        return "\(folder) is hidden from the service by \(setting) in the unit; put it elsewhere, as /etc/gatekeeper"
    }

    /// Why the service couldn't write there for others, or for a later start; nil if it could as far as the unit says.
    ///
    /// - Parameter isTemporary: what it writes is for itself alone. Its own /tmp is empty, and can be written.
    func obstacle(toWriting path: String, isTemporary: Bool = false) -> String? {
        if isTemporary, ["/tmp", "/var/tmp"].contains(where: { hiddenFolders[$0] != nil && Self.isIn(path, $0) }) { return nil }
        if let hidden = obstacle(toReading: path) { return hidden }
        guard writesOwnFoldersOnly, !(madeFolders + writableFolders).contains(where: { Self.isIn(path, $0) }) else { return nil }
        return "ProtectSystem=strict in the unit lets the service write into \(madeFolders.joined(separator: ", ")) alone; "
            + "put it there, or name the folder with ReadWritePaths= in a drop-in"
    }

    /// Whether systemd makes the folder for it, whoever has it now.
    func isMade(_ folder: String) -> Bool { madeFolders.contains(folder) }

    private static func isIn(_ path: String, _ folder: String) -> Bool { path == folder || path.hasPrefix(folder + "/") }
}

// MARK: To another process

/// As one line of JSON: what a command hands to the child that looks in its place.
extension ServiceIdentity {
    var json: JSON {
        .object(
            of: ("user", .string(user)), ("uid", .number(Int(userNumber))), ("gid", .number(Int(group))),
            ("groups", .strings(groups.map(String.init))), ("capabilities", .string(String(capabilities))), ("made", .strings(madeFolders)),
            ("hidden", .object(of: hiddenFolders.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
            ("strict", .boolean(writesOwnFoldersOnly)), ("writable", .strings(writableFolders)), ("unit", unit.map(JSON.string)),
            ("doubts", .strings(doubts)), ("obstacles", .strings(obstacles)))
    }

    init?(_ json: JSON) {
        guard let user = json.string("user"), let number = json["uid"]?.integer, let group = json["gid"]?.integer,
            let capabilities = json.string("capabilities").flatMap({ UInt64($0) })
        else { return nil }
        self.user = user
        userNumber = UInt32(clamping: number)
        self.group = UInt32(clamping: group)
        groups = (json["groups"]?.texts ?? []).compactMap { UInt32($0) }
        self.capabilities = capabilities
        madeFolders = json["made"]?.texts ?? []
        if case .object(let members)? = json["hidden"] {
            for case (let name, .string(let text)) in members.map({ ($0.name, $0.value) }) { hiddenFolders[name] = text }
        }
        writesOwnFoldersOnly = json["strict"]?.boolean ?? false
        writableFolders = json["writable"]?.texts ?? []
        unit = json.string("unit")
        doubts = json["doubts"]?.texts ?? []
        obstacles = json["obstacles"]?.texts ?? []
    }
}
