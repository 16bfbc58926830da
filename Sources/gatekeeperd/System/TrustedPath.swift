internal import Gatekeeper
internal import Glibc

/// Files that root alone can change: what may say which programs the service runs.
enum TrustedPath {
    /// Who else than root can change what lies at `path`, as a sentence's end: `/etc/x.yaml can be written by its group`. Nil if nobody can.
    ///
    /// Looks at the file and at all folders above it, on the way that the path goes and where it ends.
    static func objection(to path: String) -> String? {
        var ways = [path]
        if let end = resolved(path), end != path { ways.append(end) }
        for way in ways {
            for step in steps(to: way) {
                if let objection = ownObjection(to: step) { return objection }
            }
        }
        return nil
    }

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
        if status.st_mode & S_IWGRP != 0, status.st_gid != 0 { return "\(path) can be written by its group" }
        return nil
    }

    /// `/a/b` is reached by `/`, `/a` and `/a/b`.
    private static func steps(to path: String) -> [String] {
        var steps = ["/"]
        for name in path.split(separator: "/") { steps.append((steps.last == "/" ? "" : steps.last ?? "") + "/" + name) }
        return steps
    }

    private static func resolved(_ path: String) -> String? {
        // SAFETY: realpath returns nil or memory of its own, which is freed once it has been copied.
        guard let end = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(end) }
        return unsafe String(cString: end)
    }
}
