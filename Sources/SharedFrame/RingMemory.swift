import Linux
import Synchronization

/// A mapped ring.
///
/// Its methods read and write the numbers and texts at given offsets.
///
/// This is the only type that turns offsets into pointers. ``Mapping`` checks each offset against its size, and no
/// pointer leaves this type. Other processes may change the numbers at any time, so they are accessed as atomics.
struct RingMemory: ~Copyable, Sendable {
    let mapping: Mapping
    let geometry: RingGeometry
    /// Whether frames may contain times of another machine's wall clock, which may be ahead of this machine's clock.
    let hasForeignClock: Bool
    let clocks = LastClocks()

    init(mapping: consuming Mapping, geometry: RingGeometry, hasForeignClock: Bool = false) {
        self.mapping = mapping
        self.geometry = geometry
        self.hasForeignClock = hasForeignClock
    }

    func load32(_ offset: Int) -> UInt32 {
        unsafe mapping.pointer(to: Atomic<UInt32>.self, at: offset).pointee.load(ordering: .relaxed)
    }

    func load32Acquiring(_ offset: Int) -> UInt32 {
        unsafe mapping.pointer(to: Atomic<UInt32>.self, at: offset).pointee.load(ordering: .acquiring)
    }

    func load64(_ offset: Int) -> UInt64 {
        unsafe mapping.pointer(to: Atomic<UInt64>.self, at: offset).pointee.load(ordering: .relaxed)
    }

    func load64Acquiring(_ offset: Int) -> UInt64 {
        unsafe mapping.pointer(to: Atomic<UInt64>.self, at: offset).pointee.load(ordering: .acquiring)
    }

    func store32(_ offset: Int, _ value: UInt32) {
        unsafe mapping.pointer(to: Atomic<UInt32>.self, at: offset).pointee.store(value, ordering: .relaxed)
    }

    func store64(_ offset: Int, _ value: UInt64) {
        unsafe mapping.pointer(to: Atomic<UInt64>.self, at: offset).pointee.store(value, ordering: .relaxed)
    }

    func store32Releasing(_ offset: Int, _ value: UInt32) {
        unsafe mapping.pointer(to: Atomic<UInt32>.self, at: offset).pointee.store(value, ordering: .releasing)
    }

    func store64Releasing(_ offset: Int, _ value: UInt64) {
        unsafe mapping.pointer(to: Atomic<UInt64>.self, at: offset).pointee.store(value, ordering: .releasing)
    }

    /// Adds `amount` to a counter.
    ///
    /// Only one process writes the counters, so an atomic read-modify-write operation is not needed.
    func count(_ offset: Int, by amount: UInt64 = 1) {
        store64(offset, load64(offset) &+ amount)
    }

    /// Wakes all threads of all processes that wait for the ring to change.
    func wakeReaders() {
        let word = unsafe mapping.pointer(to: Atomic<UInt32>.self, at: RingLayout.Header.wakeWord)
        unsafe word.pointee.store(word.pointee.load(ordering: .relaxed) &+ 1, ordering: .releasing)
        unsafe Futex.wakeAll(on: UnsafePointer(word))
    }

    /// Sleeps up to `milliseconds` while the word at `offset` is `expected`.
    func wait(_ offset: Int, while expected: UInt32, milliseconds: Int) -> Futex.Outcome {
        let word = unsafe mapping.pointer(to: Atomic<UInt32>.self, at: offset)
        return unsafe Futex.wait(on: UnsafePointer(word), while: expected, milliseconds: milliseconds)
    }

    /// Sleeps while the word at `offset` is `expected` and `other` is `otherExpected`, until `deadline` at the latest.
    ///
    /// If the kernel cannot wait on both, a change of `other` does not end the wait.
    func wait(
        _ offset: Int, while expected: UInt32, or other: FutexWord, while otherExpected: UInt32,
        until deadline: Instant
    ) -> Futex.Outcome {
        let word = unsafe mapping.pointer(to: Atomic<UInt32>.self, at: offset)
        return unsafe other.wait(
            while: otherExpected, or: UnsafePointer(word), while: expected, until: deadline)
    }

    /// Wakes all threads that sleep on the word at `offset`, without changing it.
    ///
    /// This works on a read-only mapping too.
    func wake(_ offset: Int) {
        unsafe Futex.wakeAll(on: UnsafePointer(mapping.pointer(to: Atomic<UInt32>.self, at: offset)))
    }

    /// Returns the text at `place` up to its first zero byte.
    ///
    /// Invalid UTF-8 is replaced with U+FFFD.
    func text(_ place: RingLayout.Text) -> String {
        mapping.withBytes(place.offset..<(place.offset + place.byteCount)) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
    }

    /// Writes `value` to `place`.
    ///
    /// If `value` does not fit together with a zero byte, it is truncated at the boundary of a character.
    func setText(_ place: RingLayout.Text, _ value: String) {
        var bytes: [UInt8] = []
        for character in value where character != "\0" {
            let next = Array(character.utf8)
            guard bytes.count + next.count < place.byteCount else { break }
            bytes += next
        }
        let target = unsafe mapping.mutableBytes(place.offset..<(place.offset + place.byteCount))
        unsafe target.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe target.copyBytes(from: bytes)
    }

    /// Calls `body`, which changes texts.
    ///
    /// The texts' sequence number is odd while `body` runs, so that no reader uses a partial text.
    func changeTexts(_ body: () -> Void) {
        let sequence = load32(RingLayout.Header.textSequence) | 1
        store32(RingLayout.Header.textSequence, sequence)
        atomicMemoryFence(ordering: .releasing)
        body()
        store32Releasing(RingLayout.Header.textSequence, sequence &+ 1)
    }

    /// Calls `body`, which reads texts, and repeats this if the writer has changed them in the meantime.
    ///
    /// Returns nil if the texts were changed during each of 100 attempts.
    func readTexts<Value>(_ body: () -> Value) -> Value? {
        for _ in 0..<100 {
            let before = load32Acquiring(RingLayout.Header.textSequence)
            guard before & 1 == 0 else { continue }
            let value = body()
            atomicMemoryFence(ordering: .acquiring)
            if load32(RingLayout.Header.textSequence) == before { return value }
        }
        return nil
    }
}
