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
        var state = CameraState.error
        var reason = "the ring's header cannot be read"
        var source = SourceDescription(kind: "", device: "")
    }

    /// Opens what stands under `name` now; nil when nothing does.
    static func open(_ name: RingName) throws(RingError) -> RingView? {
        guard let descriptor = try name.open(O_RDONLY) else { return nil }
        let file: FileStatus
        do throws(SystemError) {
            file = try descriptor.status()
        } catch {
            throw RingError(cannotOpen: name, error)
        }
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

    var newestNumber: UInt64 { memory.load64Acquiring(RingLayout.Header.newestNumber) }

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

    private var isHeartbeatOld: Bool {
        let heartbeat = memory.load64(RingLayout.Header.heartbeat)
        let now = Clock.monotonic
        return now > heartbeat && now - heartbeat > 1_000_000_000
    }

    /// Where the writer says that its pictures come from; nil when it does not live.
    var source: SourceDescription? { isWriterAlive ? status.source : nil }

    var status: RingStatus {
        typealias Header = RingLayout.Header
        let isAlive = isWriterAlive
        let texts = texts
        var (state, reason) = (texts.state, texts.reason)
        let writer = name.kind.writer(of: name.camera)
        if !isAlive && state != .stopped {
            (state, reason) = (.stopped, "\(writer) has ended unexpectedly")
        } else if isAlive && isHeartbeatOld {
            (state, reason) = (.stalled, "\(writer) does not respond")
        }
        var dropped: [DropReason: UInt64] = [:]
        for reason in DropReason.allCases {
            dropped[reason] = memory.load64(Header.dropped + reason.rawValue * 8)
        }
        return RingStatus(
            state: state, reason: reason, isWriterAlive: isAlive, source: texts.source,
            width: Int(memory.load32(Header.width)), height: Int(memory.load32(Header.height)),
            framesPerSecondAsked: Double(memory.load64(Header.millihertzAsked)) / 1000,
            framesPerSecondMeasured: Double(memory.load64(Header.millihertzMeasured)) / 1000,
            clockOffset: Int64(bitPattern: memory.load64(Header.clockOffset)),
            newest: memory.newestDescription(), restarts: Int(memory.load32(Header.restarts)),
            captured: memory.load64(Header.captured), published: memory.load64(Header.published),
            bytes: memory.load64(Header.bytes), encodedFrames: memory.load64(Header.encodedFrames),
            encodeNanoseconds: memory.load64(Header.encodeNanoseconds), dropped: dropped)
    }

    /// The header's texts; those read last while the writer is in the middle of changing them.
    ///
    /// A writer may lose the processor, be stopped or die there: that is no error of the camera.
    private var texts: Texts {
        if let texts = readTexts() {
            lastTexts.withLock { $0 = texts }
            return texts
        }
        if let texts = lastTexts.withLock({ $0 }) { return texts }
        // Nothing is known of this object yet: once, a moment is given to its writer.
        for _ in 0..<20 {
            Poll.wait([], milliseconds: 1)
            guard let texts = readTexts() else { continue }
            lastTexts.withLock { $0 = texts }
            return texts
        }
        let unknown = Texts()
        lastTexts.withLock { $0 = unknown }
        return unknown
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
