/// Finds the lines of a head in bytes that arrive piece by piece, each byte looked at once.
///
/// ```
///   lines already handed out │ line without its end yet │ not scanned
///   0                    lineStart                   scanned        count
/// ```
///
/// A line ends with CRLF and holds no other control character but tab; whatever else is found is refused at the first byte that shows it,
/// so a head gives the same outcome whole and torn at any byte.
struct LineScanner {
    /// Where the line begins that comes next; past the empty line, the length of the head.
    private(set) var lineStart = 0
    private var scanned = 0

    /// The next line without its CRLF, nil when its end hasn't arrived.
    ///
    /// `bytesMax` counts from offset 0: a line that isn't complete by then is refused with `tooLong`. `leadingBlank` is the refusal for a
    /// line that begins with a space or tab, nil where that isn't special.
    mutating func next(
        in bytes: Span<UInt8>, bytesMax: Int, tooLong: Refusal, leadingBlank: Refusal?
    ) throws(Refusal) -> Range<Int>? {
        let limit = min(bytes.count, bytesMax)
        if let leadingBlank, lineStart < limit, ByteScan.isBlank(bytes[lineStart]) { throw leadingBlank }
        var index = scanned
        while true {
            index = ByteScan.firstControl(in: bytes, from: index)
            guard index < limit else {
                if bytes.count >= bytesMax { throw tooLong }
                scanned = index
                return nil
            }
            let byte = bytes[index]
            if byte == ByteScan.cr { break }
            guard byte == ByteScan.tab else { throw Self.refusal(of: byte) }
            index &+= 1
        }
        guard index &+ 1 < limit else {
            if bytes.count >= bytesMax { throw tooLong }
            scanned = index
            return nil
        }
        guard bytes[index &+ 1] == ByteScan.lf else { throw .bareCR }
        let line = lineStart..<index
        lineStart = index &+ 2
        scanned = lineStart
        return line
    }

    private static func refusal(of byte: UInt8) -> Refusal {
        switch byte {
        case ByteScan.lf: .bareLF
        case 0: .nul
        default: .controlCharacter
        }
    }
}
