/// Where a value was written: what an admin has to open to change it.
enum Origin: Equatable, Sendable, CustomStringConvertible {
    case file(String, SourcePosition)
    /// A file as a whole: it can't be read, for instance.
    case wholeFile(String)
    /// A command line flag, with its dashes.
    case flag(String)
    /// The command line as a whole: a flag that isn't there, for instance.
    case commandLine

    var description: String {
        switch self {
        case .file(let path, let position): "\(path):\(position.line):\(position.column)"
        case .wholeFile(let path): path
        case .flag(let name): name
        case .commandLine: "command line"
        }
    }
}

/// A value together with where it was written.
struct Located<Value> {
    var value: Value
    var origin: Origin
    /// As it stands in the file, where a part of it came by `${NAME}` and mustn't be shown; nil where it may be.
    var written: String?
}

extension Located where Value: CustomStringConvertible {
    /// What messages show.
    var shown: String { written ?? value.description }
}

extension Located: Sendable where Value: Sendable {}
extension Located: Equatable where Value: Equatable {}
