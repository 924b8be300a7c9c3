import Glibc
import Linux
import Synchronization
import SystemPackage

/// A reader's view of a ring: one object, mapped read-only.
///
/// Its members are immutable, atomic or locked, so any thread may use it.
final class RingView: Sendable {
    private let descriptor: Descriptor
    private let memory: RingMemory
    private let file: FileStatus
    private let name: RingName
    /// The header's texts as they were last read.
    private let lastTexts = Mutex<Texts?>(nil)

    private struct Texts {
        let state: CameraState
        let reason: String
        let source: SourceDescription
    }

    /// Opens the object that has the name now; returns nil if there is none.
    ///
    /// Throws if it is not a ring, or one that this process must not use: see ``RingOwners``.
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
        // A writer gives the name to the new object before it marks the old one, so no writer made this.
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

    /// A counter of changes: read it before anything else, then pass it to ``wait(while:or:while:until:)``.
    var wakeWord: UInt32 { memory.load32Acquiring(RingLayout.Header.wakeWord) }

    /// Sleeps until the ring has changed since `wakeWord` was read, or `other` differs from `otherValue`.
    ///
    /// Returns false if `deadline` came first.
    func wait(while wakeWord: UInt32, or other: FutexWord, while otherValue: UInt32, until deadline: Instant) -> Bool {
        memory.wait(
            RingLayout.Header.wakeWord, while: wakeWord, or: other, while: otherValue, until: deadline) != .timedOut
    }

    /// Wakes all who wait for the ring, even in other processes, which find nothing new.
    func wakeWaiters() { memory.wake(RingLayout.Header.wakeWord) }

    /// The newest frame's number; 0 before the first frame, and if the number is invalid.
    var newestNumber: UInt64 {
        let number = memory.load64Acquiring(RingLayout.Header.newestNumber)
        return number < RingLayout.numberLimit ? number : 0
    }

    /// Whether the writer has replaced this object under its name.
    var isSuperseded: Bool { memory.load32Acquiring(RingLayout.Header.superseded) != 0 }

    /// Whether the object was truncated, so that its contents are invalid.
    var wasTruncated: Bool { memory.mapping.wasTruncated }

    /// Whether the name still refers to this object.
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

    // MARK: Frames and status

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

    /// Whether a writer holds its lock, which the kernel knows even across containers and reused process IDs.
    var isWriterAlive: Bool {
        FileLock.isTaken(descriptor, byte: RingLayout.Lock.writer, against: .shared)
    }

    /// Whether the writer is alive and its heartbeat at most a second old.
    var isWriterHealthy: Bool { isWriterAlive && !isHeartbeatOld }

    /// The maximum age of a heartbeat; a writer whose last one is older counts as hung.
    private static let heartbeatTimeout: Duration = .seconds(1)

    var isHeartbeatOld: Bool {
        Instant(nanoseconds: memory.load64(RingLayout.Header.heartbeat)).age(at: .now) > Self.heartbeatTimeout
    }

    /// The source of a live writer; nil if the writer is dead or has not set its source yet.
    var source: SourceDescription? {
        guard isWriterAlive else { return nil }
        let status = status(isWriterAlive: true)
        return status.isStateKnown ? status.source : nil
    }

    /// The ring's status.
    ///
    /// `isWriterAlive` is a recent value of ``isWriterAlive``, which costs a system call; this makes none.
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

    /// The header's texts; those last read if the writer is just changing them, or nil if there are none.
    ///
    /// A writer may be preempted, stopped or killed while it changes them, which does not make the camera faulty. Do
    /// not wait for it: the caller may be an event loop.
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
