import CLinux

/// Settings of the C library's allocator (mallopt(3)).
public enum Heap {
    /// Returns blocks of at least `byteCount` bytes to the system as soon as they are freed (`M_MMAP_THRESHOLD`).
    ///
    /// By default the C library raises the threshold, so that a process that once had large pictures stays large.
    public static func setMmapThreshold(_ byteCount: Int) {
        mallopt(M_MMAP_THRESHOLD, CInt(clamping: byteCount))
    }
}
