import CLinux
import Glibc
public import Synchronization

/// Waits until another thread or process changes a 32-bit word in shared memory, and wakes waiting threads (futex(2)).
///
/// Waiting and waking also work on a read-only mapping.
public enum Futex {
    /// Why a wait ended.
    public enum Outcome: Sendable {
        /// Another thread woke the waiters of the word, or a signal arrived. The caller must check the word again.
        case woken
        /// The word was not `expected` when the wait began.
        case changed
        case timedOut
    }

    /// Waits up to `milliseconds` while the value of `word` is `expected`.
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

    /// Waits while `first` is `firstExpected` and `second` is `secondExpected`, until `deadline` at the latest.
    ///
    /// Returns nil immediately if the kernel cannot wait for two words. Waiting for two words needs futex_waitv(2),
    /// which exists since Linux 5.16 and which a sandbox may forbid.
    @unsafe
    static func waitEither(
        _ first: UnsafePointer<Atomic<UInt32>>, while firstExpected: UInt32,
        _ second: UnsafePointer<Atomic<UInt32>>, while secondExpected: UInt32, until deadline: Instant
    ) -> Outcome? {
        guard !lacksWaitEither.load(ordering: .relaxed) else { return nil }
        var time = timespec(
            tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
        let result = unsafe linux_futex_wait_either(
            UnsafeRawPointer(first).assumingMemoryBound(to: UInt32.self), firstExpected,
            UnsafeRawPointer(second).assumingMemoryBound(to: UInt32.self), secondExpected, &time)
        if result >= 0 { return .woken }
        switch Glibc.errno {
        case EAGAIN: return .changed
        case ETIMEDOUT: return .timedOut
        case EINTR: return .woken
        default:
            lacksWaitEither.store(true, ordering: .relaxed)
            return nil
        }
    }

    /// Whether futex_waitv(2) has failed once; it is not tried again after that.
    private static let lacksWaitEither = Atomic(false)

    /// Wakes all waiters on `word`.
    @unsafe
    public static func wakeAll(on word: UnsafePointer<Atomic<UInt32>>) {
        _ = unsafe linux_futex_wake(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self))
    }
}
