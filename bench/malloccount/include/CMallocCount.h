// Counts the allocations of the program it is linked into, by standing in front of glibc's allocator. For benchmarks only.
#pragma once

/// Calls of malloc, calloc, realloc and the aligned ones that the calling thread has made.
unsigned long cmalloccount_thread(void);
