import CLinux
import Glibc
public import Synchronization

/// Sleeping on and waking a 32-bit word of shared memory (futex(2), not private to the process).
///
/// Both calls work on a mapping that is read-only.
public enum Futex {
    /// Why a wait ended.
    public enum Outcome: Sendable {
        /// Somebody woke the word, or a signal came: look again.
        case woken
        /// The word was not `expected` when the wait began.
        case changed
        case timedOut
    }

    /// Sleeps while `word` is `expected`, no longer than `milliseconds`.
    @unsafe
    public static func wait(
        on word: UnsafePointer<Atomic<UInt32>>, while expected: UInt32, milliseconds: Int
    ) -> Outcome {
        var timeout = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        let result = unsafe linux_futex_wait(
            UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self), expected, &timeout)
        if result == 0 { return .woken }
        switch Glibc.errno {
        case EAGAIN: return .changed
        case ETIMEDOUT: return .timedOut
        default: return .woken
        }
    }

    /// Wakes everyone asleep on `word`.
    @unsafe
    public static func wakeAll(on word: UnsafePointer<Atomic<UInt32>>) {
        _ = unsafe linux_futex_wake(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self))
    }
}
