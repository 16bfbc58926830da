/// Why a piece of the harness could not do what a test asked of it; ends the test that it happens in.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
