import CLinux

/// Settings of the C library's allocator (mallopt(3)).
public enum Heap {
    /// Makes free(3) immediately return blocks of at least `byteCount` bytes to the system (`M_MMAP_THRESHOLD`).
    ///
    /// Without this, the C library raises the threshold each time a larger block is freed. A process that has once
    /// processed large pictures would then keep their memory.
    public static func setMmapThreshold(_ byteCount: Int) {
        mallopt(M_MMAP_THRESHOLD, CInt(clamping: byteCount))
    }
}
