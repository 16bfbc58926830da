#include <sqlite3.h>

/// Binds a copy of the text: SQLITE_TRANSIENT, which asks for it, is a cast that Swift doesn't import.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int count) {
    return sqlite3_bind_text(statement, index, text, count, SQLITE_TRANSIENT);
}
