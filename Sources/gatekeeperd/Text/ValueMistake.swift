/// Why a value can't stand under its key; whoever reads the file adds where it stands.
struct ValueMistake: Error, Equatable {
    var message: String

    init(_ message: String) {
        self.message = message
    }

    /// What is wrong with `text`, which the message quotes: a flag's mistake has no line to look at.
    init(in text: String, _ message: String) {
        self.message = message.contains(text) ? message : "\(Quantity.quoted(text)): \(message)"
    }
}
