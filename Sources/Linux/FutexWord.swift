public import Synchronization

/// A counter within this process.
///
/// Threads wait on it until another thread advances it (futex(2)).
///
/// It uses no descriptor. To avoid missing an advance, a thread reads ``value``, checks whether there is something to
/// do, and only then waits while the counter still has that value. If the counter was advanced in between, the wait
/// returns immediately.
///
/// `@unchecked Sendable`: the pointer never changes, its memory lives as long as this object, and the word in this
/// memory is atomic.
@safe
public final class FutexWord: @unchecked Sendable {
    private let word: UnsafeMutablePointer<Atomic<UInt32>>

    public init() {
        unsafe word = UnsafeMutablePointer.allocate(capacity: 1)
        unsafe word.initialize(to: Atomic(0))
    }

    deinit {
        unsafe word.deinitialize(count: 1)
        unsafe word.deallocate()
    }

    public var value: UInt32 { unsafe word.pointee.load(ordering: .acquiring) }

    /// Changes the value and wakes all waiting threads.
    public func advance() {
        unsafe word.pointee.add(1, ordering: .releasing)
        unsafe Futex.wakeAll(on: UnsafePointer(word))
    }

    /// Waits while the value is `expected`, until `deadline` at the latest.
    ///
    /// May return even before the value changes or the deadline passes, for example because of a signal.
    public func wait(while expected: UInt32, until deadline: Instant) {
        let remaining = (deadline - .now).millisecondsRoundedUp
        guard remaining > 0 else { return }
        _ = unsafe Futex.wait(on: UnsafePointer(word), while: expected, milliseconds: min(remaining, 1_000_000_000))
    }

    /// Waits while the value is `expected` and `other` is `otherExpected`, until `deadline` at the latest.
    ///
    /// Kernels before Linux 5.16 cannot wait for two words at once. On such a kernel, this method waits only for
    /// `other`, and a change of this counter during the wait goes unnoticed.
    @unsafe
    public func wait(
        while expected: UInt32, or other: UnsafePointer<Atomic<UInt32>>, while otherExpected: UInt32,
        until deadline: Instant
    ) -> Futex.Outcome {
        let outcome = unsafe Futex.waitEither(
            other, while: otherExpected, UnsafePointer(word), while: expected, until: deadline)
        if let outcome { return outcome }
        guard value == expected else { return .changed }
        let remaining = (deadline - .now).millisecondsRoundedUp
        return unsafe Futex.wait(on: other, while: otherExpected, milliseconds: min(remaining, 1_000_000_000))
    }
}
