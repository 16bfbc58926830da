internal import CSQLite

/// A prepared statement while it runs, and the row it stands at.
// SAFETY: the pointer is private and valid from `init` until `deinit` finalizes it; texts are copied out before the next step.
@safe struct SQLStatement: ~Copyable {
    private let statement: OpaquePointer

    /// Takes over what `sqlite3_prepare_v2` made.
    @unsafe init(_ statement: OpaquePointer) {
        unsafe self.statement = statement
    }

    deinit {
        // What the last step had to say was said then.
        _ = unsafe sqlite3_finalize(statement)
    }

    func bind(_ value: SQLValue, at index: Int32) -> Int32 {
        switch value {
        case .number(let number): return unsafe sqlite3_bind_int64(statement, index, number)
        case .null: return unsafe sqlite3_bind_null(statement, index)
        case .text(var text):
            return text.withUTF8 { bytes in
                // SAFETY: SQLite copies the bytes during the call. An empty text has an address too, else it would be NULL.
                unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                    guard let address = characters.baseAddress else { return unsafe csqlite_bind_text(statement, index, "", 0) }
                    return unsafe csqlite_bind_text(statement, index, address, Int32(clamping: characters.count))
                }
            }
        }
    }

    /// SQLITE_ROW, SQLITE_DONE, or an error.
    func step() -> Int32 { unsafe sqlite3_step(statement) }

    /// Nil for NULL.
    func number(_ column: Int32) -> Int64? {
        unsafe sqlite3_column_type(statement, column) == SQLITE_NULL ? nil : unsafe sqlite3_column_int64(statement, column)
    }

    /// Nil for NULL.
    func text(_ column: Int32) -> String? {
        // The text first, its length after: asking for the text may convert it.
        guard let bytes = unsafe sqlite3_column_text(statement, column) else { return nil }
        let count = Int(unsafe sqlite3_column_bytes(statement, column))
        // SAFETY: `count` bytes that stay until the next step, copied here.
        return unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }
}
