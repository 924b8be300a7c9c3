import Glibc
import Linux
import SystemPackage

extension FramePublisher {
    /// Waits until the ring has no writer: at once where there is none, else within a millisecond of its end.
    ///
    /// For the relay workers of one service, of which one pulls and the others stand by. Fails when the ring's writer
    /// has another source than `source`. The thread sleeps in the kernel and cannot be woken: let it be one that may
    /// be left behind when the process ends.
    public static func waitForTurn(_ name: RingName, source: SourceDescription) throws(RingError) {
        let descriptor: Descriptor
        do {
            descriptor = try Descriptor(opening: name.path, flags: O_RDWR | O_NOFOLLOW)
            if try FileLock.tryLock(descriptor, byte: RingLayout.Lock.writer, .exclusive) { return }
        } catch let error as SystemError {
            if error.errno == .noSuchFileOrDirectory { return }
            throw RingError(cannotOpen: name, error)
        } catch {
            throw RingError(EX_SOFTWARE, "\(error)")
        }
        if let view = try RingView.open(name) {
            let other = view.status.source
            guard other.device == source.device else { throw RingError(otherSource: name, other.device) }
        }
        while true {
            do throws(SystemError) {
                if try FileLock.waitForLock(descriptor, byte: RingLayout.Lock.writer) { return }
            } catch {
                throw RingError(cannotOpen: name, error)
            }
        }
    }
}
