import Glibc
import Linux
import SystemPackage

extension FramePublisher {
    /// Waits until the ring has no writer: at once where there is none, else within a millisecond of its end.
    ///
    /// For the relay workers of one service, of which one pulls and the others stand by. Fails when the ring's writer
    /// has another source than `source`. The thread sleeps in the kernel and cannot be woken: let it be one that may
    /// be left behind when the process ends. `onWait` is called before it may sleep, when all is as it should be.
    public static func waitForTurn(
        _ name: RingName, source: SourceDescription, onWait: () -> Void = {}
    ) throws(RingError) {
        guard let descriptor = try name.open(O_RDWR) else { return }
        if let other = try RingView.open(name)?.source, other.device != source.device {
            throw RingError(otherSource: name, other.device)
        }
        onWait()
        do throws(SystemError) {
            while try !FileLock.waitForLock(descriptor, byte: RingLayout.Lock.writer) {}
        } catch {
            throw RingError(cannotOpen: name, error)
        }
    }
}
