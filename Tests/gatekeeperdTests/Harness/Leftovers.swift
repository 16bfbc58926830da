import Foundation
import Synchronization

/// What must be gone when the test process ends: children still running and folders still on disk.
///
/// Owners clear up after themselves; this is for what lives as long as the process (the certificates), and for a test that traps.
/// Children are ended one by one, by the number they were started under.
enum Leftovers {
    private struct List {
        /// Each with the signal that ends it.
        var children: [pid_t: Int32] = [:]
        var folders: Set<String> = []
        var isRegistered = false
    }

    private static let list = Mutex(List())

    static func add(child: pid_t, endingSignal: Int32) {
        list.withLock { $0.children[child] = endingSignal }
        registerOnce()
    }

    static func remove(child: pid_t) {
        _ = list.withLock { $0.children.removeValue(forKey: child) }
    }

    static func add(folder: String) {
        _ = list.withLock { $0.folders.insert(folder) }
        registerOnce()
    }

    static func remove(folder: String) {
        _ = list.withLock { $0.folders.remove(folder) }
    }

    private static func registerOnce() {
        let isFirst = list.withLock { list in
            defer { list.isRegistered = true }
            return !list.isRegistered
        }
        if isFirst { atexit { Leftovers.clear() } }
    }

    private static func clear() {
        let (children, folders) = list.withLock { ($0.children, $0.folders) }
        for (child, endingSignal) in children { kill(child, endingSignal) }
        for folder in folders { try? FileManager.default.removeItem(atPath: folder) }
    }
}
