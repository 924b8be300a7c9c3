import Glibc
import Linux
import SystemPackage

extension FramePublisher {
    /// Waits until the ring has no writer; returns within a millisecond of the writer's exit.
    ///
    /// For the relay workers of one service: one pulls, and the others stand by. Afterwards each tries to become the
    /// writer, and those that come too late wait again. The thread sleeps in the kernel and cannot be woken: use one
    /// that may be left behind when the process exits.
    ///
    /// - Parameters:
    ///   - name: the ring's name.
    ///   - source: where this process would take its pictures from.
    ///   - onWait: called before the thread may sleep.
    /// - Throws: if the ring's writer has another source than `source`, or if the ring or its lock file cannot be
    ///   opened.
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
        // A writer of an earlier version locks only byte 0. A shared lock does not wait for readers that hold it too.
        do throws(SystemError) {
            while try !FileLock.waitForLock(descriptor, byte: RingLayout.Lock.writer, .shared) {}
        } catch {
            throw RingError(cannotOpen: name, error)
        }
        FileLock.unlock(descriptor, byte: RingLayout.Lock.writer)
    }
}
