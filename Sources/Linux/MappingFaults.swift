import Glibc
import Synchronization

/// Keeps a process alive when a file that it has mapped is truncated.
///
/// Accessing a page beyond the end of the file raises SIGBUS (mmap(2)), which kills the process by default. The signal
/// handler in this file replaces the whole mapping with zeros and records this. Readers then find invalid contents,
/// check ``Mapping/wasTruncated``, and release the mapping. A SIGBUS with any other cause kills the process as usual.
///
/// Why this is safe: the handler calls only signal(2), which is async-signal-safe (signal-safety(7)), and mmap(2),
/// which is a plain system call. It neither allocates memory nor takes locks. The only data that it accesses are
/// atomics in a table, which is allocated before the first mapping is protected and is never freed.
@safe
enum MappingFaults {
    /// The maximum number of mappings that are protected at the same time; further mappings are not protected.
    private static let capacity = 1024

    /// A protected mapping; an entry whose size is 0 is free.
    struct Entry: ~Copyable {
        let start = Atomic<UInt>(0)
        let byteCount = Atomic<UInt>(0)
        let isWritable = Atomic(false)
        let wasTruncated = Atomic(false)
    }

    // `nonisolated(unsafe)`: the pointer never changes after the first use, and everything it points to is atomic.
    private nonisolated(unsafe) static let table: UnsafeMutablePointer<Entry> = {
        let table = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
        for index in 0..<capacity { unsafe (table + index).initialize(to: Entry()) }
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_sigaction = handleBusError
        action.sa_flags = SA_SIGINFO
        unsafe sigaction(SIGBUS, &action, nil)
        return unsafe table
    }()

    /// Installs the handler, once per process.
    static func install() { _ = unsafe table }

    /// Protects a mapping; returns its index in the table, or nil if the table is full.
    static func protect(start: UInt, byteCount: Int, isWritable: Bool) -> Int? {
        for index in 0..<capacity {
            let entry = unsafe table + index
            // Setting the size claims the entry. The handler ignores the entry until its start is set too.
            let isFree = unsafe entry.pointee.byteCount.compareExchange(
                expected: 0, desired: UInt(byteCount), ordering: .acquiring
            ).exchanged
            guard isFree else { continue }
            unsafe entry.pointee.isWritable.store(isWritable, ordering: .relaxed)
            unsafe entry.pointee.wasTruncated.store(false, ordering: .relaxed)
            unsafe entry.pointee.start.store(start, ordering: .releasing)
            return index
        }
        return nil
    }

    static func release(_ index: Int) {
        unsafe table[index].start.store(0, ordering: .releasing)
        unsafe table[index].byteCount.store(0, ordering: .releasing)
    }

    static func wasTruncated(_ index: Int) -> Bool {
        unsafe table[index].wasTruncated.load(ordering: .acquiring)
    }

    /// Replaces the mapping that contains `address` with zeros; returns false if it is not in the table.
    fileprivate static func replace(at address: UInt) -> Bool {
        for index in 0..<capacity {
            let entry = unsafe table + index
            let start = unsafe entry.pointee.start.load(ordering: .acquiring)
            let byteCount = unsafe entry.pointee.byteCount.load(ordering: .acquiring)
            guard start != 0, address >= start, address - start < byteCount else { continue }
            let protection =
                unsafe entry.pointee.isWritable.load(ordering: .relaxed) ? PROT_READ | PROT_WRITE : PROT_READ
            let replaced = unsafe mmap(
                UnsafeMutableRawPointer(bitPattern: start), Int(byteCount), protection,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
            guard unsafe replaced != MAP_FAILED else { return false }
            unsafe entry.pointee.wasTruncated.store(true, ordering: .releasing)
            return true
        }
        return false
    }
}

private func handleBusError(
    _ number: CInt, _ information: UnsafeMutablePointer<siginfo_t>?, _ context: UnsafeMutableRawPointer?
) {
    let address = unsafe UInt(bitPattern: information?.pointee._sifields._sigfault.si_addr)
    if MappingFaults.replace(at: address) { return }
    // SIGBUS has another cause. When this handler returns, the access faults again, and the default action kills the
    // process.
    _ = signal(SIGBUS, SIG_DFL)
}
