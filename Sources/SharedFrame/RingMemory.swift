import Linux
import Synchronization

/// A mapped ring: its numbers, as atomics, and its texts.
///
/// Only here do offsets become pointers: ``Mapping`` checks each against its size, and no pointer escapes. Other
/// processes may change the numbers at any time, so they are accessed as atomics.
struct RingMemory: ~Copyable, Sendable {
    let mapping: Mapping
    let geometry: RingGeometry
    /// Whether frames may carry times of another machine's wall clock, which may be ahead of this one's.
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

    /// Adds to a counter, which only one process writes: so this needs no atomic read-modify-write.
    func count(_ offset: Int, by amount: UInt64 = 1) {
        store64(offset, load64(offset) &+ amount)
    }

    /// Wakes everyone who waits for the ring to change.
    func wakeReaders() {
        let word = unsafe mapping.pointer(to: Atomic<UInt32>.self, at: RingLayout.Header.wakeWord)
        unsafe word.pointee.store(word.pointee.load(ordering: .relaxed) &+ 1, ordering: .releasing)
        unsafe Futex.wakeAll(on: UnsafePointer(word))
    }

    /// Sleeps while the word at `offset` is `expected`.
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

    /// Wakes those who sleep on the word at `offset` without changing it; works on a read-only mapping.
    func wake(_ offset: Int) {
        unsafe Futex.wakeAll(on: UnsafePointer(mapping.pointer(to: Atomic<UInt32>.self, at: offset)))
    }

    /// The text at `place`, up to its first zero byte; invalid UTF-8 is replaced.
    func text(_ place: RingLayout.Text) -> String {
        mapping.withBytes(place.offset..<(place.offset + place.byteCount)) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
    }

    /// Writes `value`, truncated at a character so that it fits with its zero byte.
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

    /// Changes texts; meanwhile the sequence number is odd, so that no reader uses a partial text.
    func changeTexts(_ body: () -> Void) {
        let sequence = load32(RingLayout.Header.textSequence) | 1
        store32(RingLayout.Header.textSequence, sequence)
        atomicMemoryFence(ordering: .releasing)
        body()
        store32Releasing(RingLayout.Header.textSequence, sequence &+ 1)
    }

    /// Reads consistent texts; returns nil if the writer keeps changing them.
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
