import Glibc
import Linux
import Synchronization
import SystemPackage

/// A ring as a reader has it: one object, mapped read-only.
///
/// Everything in it is immutable or atomic, so any thread may use it.
final class RingView: Sendable {
    private let descriptor: Descriptor
    private let memory: RingMemory
    private let file: FileStatus
    private let name: RingName
    /// What the header's texts were when they were read last.
    private let lastTexts = Mutex<Texts?>(nil)

    private struct Texts {
        let state: CameraState
        let reason: String
        let source: SourceDescription
    }

    /// Opens the object that has the name now; returns nil if there is none.
    ///
    /// Throws if it is not a ring that this process may trust: see ``RingOwners``.
    static func open(_ name: RingName) throws(RingError) -> RingView? {
        guard let descriptor = try name.open(O_RDONLY) else { return nil }
        let file: FileStatus
        do throws(SystemError) {
            file = try descriptor.status()
        } catch {
            throw RingError(cannotOpen: name, error)
        }
        if let refusal = file.refusalToRead(name) { throw refusal }
        let view = try RingView(name, descriptor, file)
        // A writer first gives the name to the new object, then marks the old one: both at once is no ring of a writer.
        if view.isSuperseded, view.hasItsName { throw RingError(notARing: name) }
        return view
    }

    private init(_ name: RingName, _ descriptor: consuming Descriptor, _ file: FileStatus) throws(RingError) {
        memory = try RingMemory(opening: descriptor, byteCount: file.byteCount, name, access: .read)
        self.descriptor = descriptor
        self.file = file
        self.name = name
    }

    deinit {
        FileLock.unlock(descriptor, byte: RingLayout.Lock.interest)
    }

    // MARK: Changes

    /// Counts changes: to be read before anything else, then given to ``wait(while:or:while:until:)``.
    var wakeWord: UInt32 { memory.load32Acquiring(RingLayout.Header.wakeWord) }

    /// Sleeps until the ring changes from what it was when `wakeWord` was read, or `other` from `otherValue`.
    ///
    /// Returns false if `deadline` came first.
    func wait(while wakeWord: UInt32, or other: FutexWord, while otherValue: UInt32, until deadline: Instant) -> Bool {
        memory.wait(
            RingLayout.Header.wakeWord, while: wakeWord, or: other, while: otherValue, until: deadline) != .timedOut
    }

    /// Wakes all who wait for the ring, in other processes too: they look once more and find nothing new.
    func wakeWaiters() { memory.wake(RingLayout.Header.wakeWord) }

    /// The newest frame's number; 0 before the first, and for a number that no writer comes to.
    var newestNumber: UInt64 {
        let number = memory.load64Acquiring(RingLayout.Header.newestNumber)
        return number < RingLayout.numberLimit ? number : 0
    }

    /// Whether the writer has gone on to a larger object under the same name.
    var isSuperseded: Bool { memory.load32Acquiring(RingLayout.Header.superseded) != 0 }

    /// Whether somebody has truncated the object: nothing in it is to be believed.
    var wasCutOff: Bool { memory.mapping.wasCutOff }

    /// Whether the name still leads here.
    var hasItsName: Bool {
        guard let found = try? FileStatus(at: name.path, followingLinks: false) else { return false }
        return found.isSameFile(as: file)
    }

    // MARK: Interest

    func takeInterest() {
        _ = try? FileLock.tryLock(descriptor, byte: RingLayout.Lock.interest, .shared)
        memory.wake(RingLayout.Header.doorbell)
    }

    func dropInterest() {
        FileLock.unlock(descriptor, byte: RingLayout.Lock.interest)
    }

    // MARK: What is in it

    func withNewestFrame<Value, Failure: Error>(
        _ body: (FrameDescription, RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        try memory.withNewestFrame(body)
    }

    func withFrame<Value, Failure: Error>(
        number: UInt64, _ body: (FrameDescription, RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        try memory.withFrame(number: number, body)
    }

    /// Whether a writer holds its lock: the kernel's word, true across containers and reused process numbers.
    var isWriterAlive: Bool {
        FileLock.isTaken(descriptor, byte: RingLayout.Lock.writer, against: .shared)
    }

    /// Whether the writer is alive and its heartbeat is not older than a second.
    var isWriterWell: Bool { isWriterAlive && !isHeartbeatOld }

    /// How old a heartbeat may be before its writer counts as hung.
    private static let heartbeatTimeout: Duration = .seconds(1)

    var isHeartbeatOld: Bool {
        Instant(nanoseconds: memory.load64(RingLayout.Header.heartbeat)).age(at: .now) > Self.heartbeatTimeout
    }

    /// Where the writer says that its pictures come from; nil if it is dead or has not said it yet.
    var source: SourceDescription? {
        guard isWriterAlive else { return nil }
        let status = status(isWriterAlive: true)
        return status.isStateKnown ? status.source : nil
    }

    /// The header.
    ///
    /// `isWriterAlive` is what ``isWriterAlive`` was a moment ago: asking costs a system call, this does not.
    func status(isWriterAlive: Bool) -> RingStatus {
        let texts = texts
        var status = memory.status(isWriterAlive: isWriterAlive)
        if let texts {
            (status.state, status.reason, status.source) = (texts.state, texts.reason, texts.source)
        } else {
            status.isStateKnown = false
            status.state = isFresh(status.newest) ? .live : .waiting
            if status.state == .waiting { status.reason = "the state of camera \(name.camera) is not known yet" }
        }
        let writer = name.kind.writer(of: name.camera)
        if !isWriterAlive && status.state != .stopped {
            (status.state, status.reason) = (.stopped, "\(writer) has ended unexpectedly")
        } else if isWriterAlive && isHeartbeatOld {
            (status.state, status.reason) = (.stalled, "\(writer) does not respond")
        }
        return status
    }

    private func isFresh(_ frame: FrameDescription?) -> Bool {
        guard let frame else { return false }
        return Instant(nanoseconds: frame.published).age(at: .now) < Self.heartbeatTimeout
    }

    /// The header's texts; those read last while the writer is in the middle of changing them, nil if there are none.
    ///
    /// A writer may lose the processor, be stopped or die there: that is not an error of the camera. The caller does not
    /// wait for it: it may be an event loop.
    private var texts: Texts? {
        if let texts = readTexts() {
            lastTexts.withLock { $0 = texts }
            return texts
        }
        return lastTexts.withLock { $0 }
    }

    private func readTexts() -> Texts? {
        typealias Header = RingLayout.Header
        return memory.readTexts {
            Texts(
                state: CameraState(rawValue: memory.load32(Header.state)) ?? .error,
                reason: memory.text(Header.reason),
                source: SourceDescription(
                    kind: memory.text(Header.sourceKind), device: memory.text(Header.sourceDevice),
                    name: memory.text(Header.sourceName), format: memory.text(Header.sourceFormat)))
        }
    }
}
