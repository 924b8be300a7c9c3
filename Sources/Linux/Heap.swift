import CLinux

/// How the C library keeps memory (mallopt(3)).
public enum Heap {
    /// Gives blocks of at least `byteCount` bytes back to the system as soon as they are freed.
    ///
    /// Otherwise the C library keeps ever larger ones, so that a process that once had large pictures stays large.
    public static func returnBlocks(from byteCount: Int) {
        mallopt(M_MMAP_THRESHOLD, CInt(clamping: byteCount))
    }
}
