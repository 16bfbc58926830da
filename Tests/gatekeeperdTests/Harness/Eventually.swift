import Foundation

/// Looks again and again until `isTrue`, for what nobody announces; false if it doesn't hold within `seconds`.
func eventually(seconds: Double = 30, _ isTrue: () throws -> Bool) rethrows -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while try !isTrue() {
        guard Date() < deadline else { return false }
        _ = Awaited<Bool>().wait(seconds: 0.02)
    }
    return true
}
