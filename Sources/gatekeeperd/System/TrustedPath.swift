internal import Gatekeeper
internal import Glibc

/// Files that root alone can change: what may say which programs the service runs.
enum TrustedPath {
    /// Who else than root can change what lies at `path`, as a sentence's end: `/etc/x.yaml can be written by its group`. Nil if nobody can.
    ///
    /// Looks at the file, at each folder on the way to it, and at each link: where it lies and where it leads.
    static func objection(to path: String) -> String? {
        var (here, rest) = ("", path.split(separator: "/").map(String.init)[...])
        var links = 0
        if let objection = ownObjection(to: "/") { return objection }
        while let name = rest.popFirst() {
            if name == "." { continue }
            if name == ".." {
                here = FilePath.directory(of: here) == "/" ? "" : FilePath.directory(of: here)
                continue
            }
            let step = here + "/" + name
            if let objection = ownObjection(to: step) { return objection }
            guard let target = SymbolicLink.target(of: step) else {
                here = step
                continue
            }
            links += 1
            guard links <= linksMax else { return "\(path) leads in a circle" }
            if target.hasPrefix("/") { here = "" }
            rest = target.split(separator: "/").map(String.init) + rest
        }
        return nil
    }

    private static let linksMax = 40

    private static func ownObjection(to path: String) -> String? {
        var status = stat()
        // SAFETY: the path is lent for the call, and `status` is written.
        guard unsafe lstat(path, &status) == 0 else { return "cannot \(SystemError("look at \(path)", code: errno))" }
        guard status.st_uid == 0 else {
            return "\(path) belongs to \(UserName.of(status.st_uid) ?? "user \(status.st_uid)") and not to root"
        }
        // Nobody writes a link; who may put another in its place is said by its folder.
        guard status.st_mode & S_IFMT != S_IFLNK else { return nil }
        if status.st_mode & S_IWOTH != 0 { return "\(path) can be written by everybody" }
        // Also what an access control list lets others do: its mask stands in the group's place.
        if status.st_mode & S_IWGRP != 0 { return "\(path) can be written by its group" }
        return nil
    }
}
