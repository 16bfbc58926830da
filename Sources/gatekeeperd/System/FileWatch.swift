internal import Gatekeeper
internal import Glibc

/// Notices that one of a few files is another one now: written again, moved over, or reached by a link that was changed.
///
/// Folders are watched and not files, since `mv` and certbot put a new file in the place of the old one, which nobody who watches the old
/// one learns of. What an event says is not believed: it is a reason to look, and whether a file has changed its stamp tells.
struct FileWatch: ~Copyable {
    /// Becomes readable when there is a reason to look.
    var number: Int32 { descriptor.number }

    private let descriptor: Descriptor
    private var stamps: [String: FileStamp?] = [:]
    private var watches: Set<Int32> = []

    /// What is watched.
    private(set) var paths: [String] = []

    private static let events = UInt32(IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

    init() throws(SystemError) {
        let number = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard number >= 0 else { throw SystemError("watch files", code: errno) }
        descriptor = Descriptor(owning: number)
    }

    /// Watches these from now on, and no others. A folder that can't be watched is looked at with the others' events only.
    ///
    /// A file that was watched before keeps its stamp: whoever asks for `changed` next still learns of a change that came meanwhile. Stamps of
    /// others are taken once their folders are watched, so that what changes afterwards is an event.
    mutating func watch(_ paths: [String]) {
        self.paths = paths
        var current: Set<Int32> = []
        for folder in Set(paths.flatMap(Self.folders)) {
            // SAFETY: the path is lent for the call, which keeps nothing of it.
            let watch = unsafe inotify_add_watch(descriptor.number, folder, Self.events)
            if watch >= 0 { current.insert(watch) }
        }
        for watch in watches.subtracting(current) { _ = inotify_rm_watch(descriptor.number, watch) }
        watches = current
        stamps = Dictionary(paths.map { ($0, stamps[$0] ?? FileStamp(path: $0)) }) { first, _ in first }
    }

    /// Forgets the events that have come.
    func clear() {
        var events = [UInt8](repeating: 0, count: 4096)
        // SAFETY: no more is read than the array has room for.
        while unsafe read(descriptor.number, &events, events.count) > 0 {}
    }

    /// The files that differ from what they were the last time. One that is missing for the moment, as between the two halves of a swap,
    /// doesn't.
    mutating func changed() -> [String] {
        var changed: [String] = []
        for (path, stamp) in stamps {
            guard let present = FileStamp(path: path), present != stamp else { continue }
            stamps[path] = .some(present)
            changed.append(path)
        }
        return changed.sorted()
    }

    /// The folder that holds the file, and those of all links on the way to it.
    private static func folders(of path: String) -> [String] {
        var folders: [String] = []
        var path = path
        // As many links as the kernel follows (path_resolution(7)).
        for _ in 0..<40 {
            let folder = FilePath.directory(of: path)
            folders.append(folder.isEmpty ? "." : folder)
            // A link among the folders, as containers' secrets have it, is changed where it stands itself.
            if let outer = linkFolder(above: path) { folders.append(outer) }
            guard let target = SymbolicLink.target(of: path) else { break }
            path = FilePath.complete(target, directory: FilePath.directory(of: path))
        }
        return folders
    }

    private static func linkFolder(above path: String) -> String? {
        let folder = FilePath.directory(of: path)
        return SymbolicLink.target(of: folder) == nil ? nil : FilePath.directory(of: folder)
    }
}
