import Glibc
import Linux
import Synchronization
import SystemPackage

/// A ring's shared-memory object that a reader has opened and mapped read-only.
///
/// All members are immutable, atomic or locked, so any thread may use a view.
final class RingView: Sendable {
    private let descriptor: Descriptor
    private let memory: RingMemory
    private let file: FileStatus
    private let name: RingName
    /// The header's texts from the last time that they were read successfully.
    private let lastTexts = Mutex<Texts?>(nil)

    private struct Texts {
        let state: CameraState
        let reason: String
        let source: SourceDescription
    }

    /// Opens the object that has the name at the moment; returns nil if there is none.
    ///
    /// Throws if the object is not a ring, or if this process must not use it: see ``RingOwners``.
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
        // A writer that replaces an object first moves the name to the new object and then marks the old one as
        // superseded. An object that is marked but still has the name was therefore not created by Oriel.
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

    /// A counter of changes, to be passed to ``wait(while:or:while:until:)``.
    ///
    /// Callers must read it before anything else, so that they do not miss a change.
    var wakeWord: UInt32 { memory.load32Acquiring(RingLayout.Header.wakeWord) }

    /// Sleeps until the ring has changed since `wakeWord` was read, or `other` differs from `otherValue`.
    ///
    /// Returns false if neither happened before `deadline`.
    func wait(while wakeWord: UInt32, or other: FutexWord, while otherValue: UInt32, until deadline: Instant) -> Bool {
        memory.wait(
            RingLayout.Header.wakeWord, while: wakeWord, or: other, while: otherValue, until: deadline) != .timedOut
    }

    /// Wakes all threads that wait for the ring.
    ///
    /// Threads of other processes find no change and wait again.
    func wakeWaiters() { memory.wake(RingLayout.Header.wakeWord) }

    /// The newest frame's number; 0 before the first frame, or if the number is invalid.
    var newestNumber: UInt64 {
        let number = memory.load64Acquiring(RingLayout.Header.newestNumber)
        return number < RingLayout.numberLimit ? number : 0
    }

    /// Whether the writer has replaced this object with another one of the same name.
    var isSuperseded: Bool { memory.load32Acquiring(RingLayout.Header.superseded) != 0 }

    /// Whether the object was truncated; its contents are then invalid.
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

    /// Whether the writer is alive, which means that it holds its lock.
    ///
    /// Unlike a process ID, the lock works between containers, and no other process can be mistaken for the writer.
    var isWriterAlive: Bool {
        FileLock.isTaken(descriptor, byte: RingLayout.Lock.writer, against: .shared)
    }

    /// Whether the writer is alive and its last heartbeat is at most a second old.
    var isWriterHealthy: Bool { isWriterAlive && !isHeartbeatOld }

    /// The maximum age of a writer's last heartbeat.
    ///
    /// A writer whose heartbeat is older counts as hung.
    private static let heartbeatTimeout: Duration = .seconds(1)

    var isHeartbeatOld: Bool {
        Instant(nanoseconds: memory.load64(RingLayout.Header.heartbeat)).age(at: .now) > Self.heartbeatTimeout
    }

    /// The source from which the writer takes its pictures; nil if the writer is dead, or if the source is not known
    /// yet.
    var source: SourceDescription? {
        guard isWriterAlive else { return nil }
        let status = status(isWriterAlive: true)
        return status.isStateKnown ? status.source : nil
    }

    /// Returns the ring's status without making a system call.
    ///
    /// The caller passes a recent value of ``isWriterAlive``, because determining it takes a system call.
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
            (status.state, status.reason) = (.stopped, "\(writer) has exited unexpectedly")
        } else if isWriterAlive && isHeartbeatOld {
            (status.state, status.reason) = (.stalled, "\(writer) does not respond")
        }
        return status
    }

    private func isFresh(_ frame: FrameDescription?) -> Bool {
        guard let frame else { return false }
        return Instant(nanoseconds: frame.published).age(at: .now) < Self.heartbeatTimeout
    }

    /// The header's texts, or the last known texts while the writer is changing them.
    ///
    /// This is nil if the texts have never been read successfully.
    ///
    /// A writer may be preempted, stopped or killed while it changes the texts, which does not mean that the camera is
    /// faulty. This property must not wait until the change is complete, because the caller may be an event loop.
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
