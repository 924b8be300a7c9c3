import Glibc
import Linux
import SystemPackage

extension FramePublisher {
    /// Waits until the ring has no writer.
    ///
    /// Returns within a millisecond after the writer has exited.
    ///
    /// If a relay has several workers, only one of them fetches a camera's pictures, and the others wait with this
    /// function. When it returns, each of them tries to become the writer. The workers that do not succeed wait again.
    ///
    /// The calling thread sleeps in the kernel and cannot be woken, so the process must be able to exit without waiting
    /// for this thread.
    ///
    /// - Parameters:
    ///   - name: The ring's name.
    ///   - source: Where this process would take its pictures from.
    ///   - onWait: A closure that is called just before the wait begins.
    /// - Throws: If the ring's writer takes its pictures from another source than `source`, or if the ring or its lock
    ///   file cannot be opened.
    public static func waitForTurn(
        _ name: RingName, source: SourceDescription, onWait: () -> Void = {}
    ) throws(RingError) {
        guard let descriptor = try name.open(O_RDWR) else {
            onWait()
            return try WriterLock.waitUntilFree(name)
        }
        if let other = try RingView.open(name)?.source, other.device != source.device {
            throw RingError(otherSource: name, other.device)
        }
        onWait()
        try WriterLock.waitUntilFree(name)
        // A writer of an earlier version locks only byte 0 of the ring. Readers may hold shared locks on that byte, so
        // a shared lock is used here, which does not wait for them.
        do throws(SystemError) {
            while try !FileLock.waitForLock(descriptor, byte: RingLayout.Lock.writer, .shared) {}
        } catch {
            throw RingError(cannotOpen: name, error)
        }
        FileLock.unlock(descriptor, byte: RingLayout.Lock.writer)
    }
}
