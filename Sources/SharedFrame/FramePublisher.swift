import Glibc
import Linux
import Synchronization

/// The only writer of a ring.
///
/// A publisher never waits for readers. It must be used by one thread only, which must call ``heartbeat()`` at least
/// every ``heartbeatInterval``, even while there are no pictures.
public final class FramePublisher {
    /// The maximum time between two heartbeats.
    ///
    /// Readers consider a writer hung if its last heartbeat is older than a second.
    public static let heartbeatInterval: Duration = .milliseconds(250)
    /// How often ``heartbeat()`` also checks that the ring still has its name and its size.
    private static let checkInterval: Duration = .seconds(1)
    /// How long ``isWatched`` stays true after the ring was replaced, because readers need a moment to open the new
    /// one.
    private static let interestGracePeriod: Duration = .seconds(2)

    public let name: RingName
    /// The lock that keeps other writers out, held until the ring is stopped.
    private var lock: WriterLock?
    private(set) var ring: RingObject
    private let slotCount: Int
    /// The number of the last frame.
    ///
    /// Before the first frame, this is one less than the number that the first frame will have.
    private var lastNumber: UInt64
    /// The position of the next frame.
    ///
    /// It is also in the ring's header, where another program of the same user could overwrite it.
    private var position: UInt64 = 0
    private var interestAssumedUntil: Instant?
    private var checkedAt: Instant
    private var source: SourceDescription
    private var state = CameraState.waiting
    private var reason = ""
    private var ratesMillihertz: (asked: UInt64, measured: UInt64) = (0, 0)
    private var isStopped = false
    /// Why the last check could not restore the ring under its name; nil if the ring has its name.
    ///
    /// Readers that have opened the ring still get its frames, but no other program can open it.
    public private(set) var namingProblem: RingError?

    /// Takes over the ring that a dead writer has left behind, or creates a new one.
    ///
    /// - Parameters:
    ///   - name: The ring's name.
    ///   - slotCount: The number of slots. A ring with large slots gets fewer slots, so that two rings fit into 64 MB.
    ///   - slotByteCount: The expected maximum size of a picture in bytes. The ring grows when a picture is larger.
    ///   - source: A description of where the pictures come from, for people.
    /// - Throws: If another writer is alive, if shared memory is full, or if the existing object is not a ring, belongs
    ///   to another user, or has another layout version.
    public init(
        _ name: RingName, slotCount: Int = 8, slotByteCount: Int, source: SourceDescription
    ) throws(RingError) {
        let wanted = min(max(slotByteCount, 4096), RingLayout.maximumSlotByteCount)
        guard let lock = try WriterLock.take(name) else { throw RingError(taken: name) }
        let ring = try RingObject.open(name, geometry: RingGeometry(slotCount: slotCount, slotByteCount: wanted))
        self.name = name
        self.slotCount = slotCount
        self.source = source
        // The first number is the Unix time in milliseconds, so that numbers increase even after a restart, without any
        // stored state. It stays below 2⁵² until the year 144683.
        lastNumber = Clock.realtime / 1_000_000 - 1
        let (isAdopted, isLocked) = (ring.isAdopted, ring.isLocked)
        self.ring = ring
        self.lock = consume lock
        checkedAt = .now
        if isAdopted { takeOver() }
        introduceWriter(to: self.ring.memory)
        let geometry = self.ring.memory.geometry
        if geometry.slotByteCount < wanted {
            try grow(to: wanted)
        } else if !isLocked {
            try replace(with: geometry, isNameOurs: true)
        }
    }

    deinit {
        if !isStopped { stop(reason: "the program that wrote the pictures has exited") }
    }

    // MARK: Demand

    /// Whether a reader wants pictures.
    ///
    /// Reading this makes one system call.
    public var isWatched: Bool {
        if let end = interestAssumedUntil {
            if Instant.now < end { return true }
            interestAssumedUntil = nil
        }
        return FileLock.isTaken(ring.descriptor, byte: RingLayout.Lock.interest, against: .exclusive)
    }

    /// Waits until a reader wants pictures, for at most `milliseconds` or ``heartbeatInterval``, whichever is shorter.
    ///
    /// Returns whether a reader wants pictures.
    public func waitForInterest(milliseconds: Int) -> Bool {
        waitForInterest(timeout: .milliseconds(milliseconds))
    }

    /// Waits until a reader wants pictures, for at most `timeout` or ``heartbeatInterval``, whichever is shorter.
    ///
    /// Returns whether a reader wants pictures.
    public func waitForInterest(timeout: Duration) -> Bool {
        if isWatched { return true }
        let bell = ring.memory.load32(RingLayout.Header.doorbell)
        let milliseconds = min(timeout, Self.heartbeatInterval).millisecondsRoundedUp
        _ = ring.memory.wait(RingLayout.Header.doorbell, while: bell, milliseconds: milliseconds)
        return isWatched
    }

    // MARK: Pictures

    /// The number of the newest frame.
    ///
    /// Before the first frame, this is one less than the number that the first frame will have.
    public var newestNumber: UInt64 { lastNumber }

    /// Publishes a picture that `write` writes directly into the ring.
    ///
    /// - Parameters:
    ///   - capacity: The maximum number of bytes that `write` may write, up to 64 MiB. The ring grows if its slots are
    ///     smaller.
    ///   - capture: When the picture was taken.
    ///   - width: The width in pixels, or 0 if unknown.
    ///   - height: The height in pixels, or 0 if unknown.
    ///   - number: The number that the frame should have. If it is nil or not higher than the number of the last frame,
    ///     the frame gets the next number.
    ///   - flags: What the frame contains besides the camera's picture.
    ///   - write: Writes the picture and returns its number of bytes. If it returns 0 or throws, nothing is published.
    /// - Returns: The frame's number, or nil if nothing was published.
    /// - Throws: ``RingError`` if the ring cannot grow, or any error that `write` has thrown.
    @discardableResult
    public func publish(
        capacity: Int, capture: CaptureTime, width: Int, height: Int, number: UInt64? = nil, flags: FrameFlags = [],
        _ write: (inout MutableRawSpan) throws -> Int
    ) throws -> UInt64? {
        if capacity > ring.memory.geometry.slotByteCount { try grow(to: capacity) }
        let position = position
        let slot = ring.memory.beginSlot(at: position)
        var byteCount = 0
        do {
            byteCount = try ring.memory.writeSlot(slot, capacity: capacity, write)
        } catch {
            ring.memory.abandonSlot(slot)
            throw error
        }
        guard byteCount > 0 else {
            ring.memory.abandonSlot(slot)
            return nil
        }
        let next = nextNumber(number)
        lastNumber = next
        ring.memory.finishSlot(
            slot, at: position,
            FrameDescription(
                number: next, capture: capture, byteCount: byteCount, width: width, height: height,
                published: Clock.monotonic, flags: flags))
        self.position = position + 1
        return next
    }

    /// Returns the number that a frame with the given number would have if it was published next.
    public func number(for given: UInt64) -> UInt64 { nextNumber(given) }

    /// Returns the number of the next frame, which is `given` if possible.
    ///
    /// A ring without frames accepts any number, so that a relay can keep the numbers of its upstream server.
    private func nextNumber(_ given: UInt64?) -> UInt64 {
        if let given, given > 0, ring.memory.load64(RingLayout.Header.published) == 0 { return given }
        return max(given ?? 0, lastNumber + 1)
    }

    /// Publishes a copy of `bytes`.
    @discardableResult
    public func publish(
        _ bytes: RawSpan, capture: CaptureTime, width: Int, height: Int, number: UInt64? = nil, flags: FrameFlags = []
    ) throws(RingError) -> UInt64 {
        do {
            let published = try publish(
                capacity: bytes.byteCount, capture: capture, width: width, height: height, number: number, flags: flags
            ) { slot in
                slot.copy(bytes)
                return bytes.byteCount
            }
            return published ?? lastNumber
        } catch let error as RingError {
            throw error
        } catch {
            throw RingError(.software, "\(error)")
        }
    }

    // MARK: State and counters

    /// Sets the camera's state and wakes readers.
    ///
    /// `reason` tells people in one sentence what is wrong; it is empty if nothing is wrong.
    public func setState(_ state: CameraState, reason: String) {
        guard state != self.state || reason != self.reason else { return }
        self.state = state
        self.reason = reason
        ring.memory.writeState(state, reason)
        ring.memory.wakeReaders()
    }

    /// Sets the description of where the pictures come from.
    public func setSource(_ source: SourceDescription) {
        guard source != self.source else { return }
        self.source = source
        ring.memory.writeSource(source)
    }

    /// Sets the requested frame rate (0 if none was requested) and the measured one, in frames per second.
    public func setRates(asked: Double, measured: Double) {
        ratesMillihertz = (UInt64(millihertz: asked), UInt64(millihertz: measured))
        ring.memory.store64(RingLayout.Header.millihertzAsked, ratesMillihertz.asked)
        ring.memory.store64(RingLayout.Header.millihertzMeasured, ratesMillihertz.measured)
    }

    /// Sets how far the clock of the pictures' capture times is ahead of this machine's wall clock.
    ///
    /// In a relay's ring, the times come from the clock of the upstream server. The offset is negative if that clock is
    /// behind.
    public func setClockOffset(nanoseconds: Int64) {
        ring.memory.store64(RingLayout.Header.clockOffset, UInt64(bitPattern: nanoseconds))
    }

    /// Counts a picture that the source delivered.
    public func countCaptured() { ring.memory.count(RingLayout.Header.captured) }

    /// Counts a picture that did not reach the ring.
    public func countDropped(_ reason: DropReason) {
        ring.memory.count(RingLayout.Header.dropped + reason.rawValue * 8)
    }

    /// Counts a picture that was encoded, and the time that the encoding took.
    public func countEncode(nanoseconds: UInt64) {
        ring.memory.count(RingLayout.Header.encodedFrames)
        ring.memory.count(RingLayout.Header.encodeNanoseconds, by: nanoseconds)
    }

    /// Tells readers that the writer is alive.
    ///
    /// Once a second, this also checks whether another program has removed the ring's name or truncated the ring, and
    /// recreates the ring in that case.
    public func heartbeat() throws(RingError) {
        let now = Instant.now
        ring.memory.store64(RingLayout.Header.heartbeat, now.nanoseconds)
        guard now - checkedAt >= Self.checkInterval else { return }
        checkedAt = now
        restoreLock()
        namingProblem = nil
        let hasItsName = ring.hasItsName
        if hasItsName, ring.isWhole { return }
        do throws(RingError) {
            try replace(with: ring.memory.geometry, isNameOurs: hasItsName)
        } catch {
            namingProblem = error
            throw error
        }
    }

    /// Creates and locks a new lock file if another program has removed the current one.
    ///
    /// While the lock file is missing, the lock on the ring itself keeps other writers out.
    private func restoreLock() {
        let hasItsName = lock?.hasItsName ?? true
        guard !hasItsName, let new = try? WriterLock.take(name) else { return }
        lock = consume new
    }

    /// Sets the state `stopped`, removes the ring's name and its lock file, and wakes readers.
    ///
    /// Readers that have opened the ring can still read its frames.
    public func stop(reason: String) {
        guard !isStopped else { return }
        isStopped = true
        ring.memory.writeState(.stopped, reason)
        ring.removeName()
        FileLock.unlock(ring.descriptor, byte: RingLayout.Lock.writer)
        // The lock file is released last, so that the next writer finds the ring's own lock free.
        lock = nil
        ring.memory.wakeReaders()
    }

    // MARK: Replacing the object

    private func grow(to byteCount: Int) throws(RingError) {
        guard byteCount <= RingLayout.maximumSlotByteCount else {
            throw RingError(
                .frameTooLarge,
                "a picture of \(byteCount) bytes exceeds the maximum of \(RingLayout.maximumSlotByteCount) bytes")
        }
        // Reserve a quarter more than necessary. Otherwise, if the pictures grow slowly, the ring would be replaced for
        // each slightly larger picture.
        try replace(
            with: RingGeometry(slotCount: slotCount, slotByteCount: byteCount + byteCount / 4), isNameOurs: true)
    }

    private func replace(with geometry: RingGeometry, isNameOurs: Bool) throws(RingError) {
        let created = try RingObject.create(name, geometry: geometry, replacing: isNameOurs) { memory in
            memory.copyCounters(from: ring.memory)
            memory.copyNewestFrame(from: ring.memory)
            introduceWriter(to: memory)
        }
        guard let new = created else {
            throw RingObject.defect(of: name) ?? RingError(recreated: name)
        }
        let old = exchange(&ring, with: new)
        // The new object contains at most one frame.
        position = min(ring.memory.load64(RingLayout.Header.position), 1)
        checkedAt = .now
        interestAssumedUntil = checkedAt + Self.interestGracePeriod
        old.memory.store32Releasing(RingLayout.Header.superseded, 1)
        old.memory.wakeReaders()
    }

    private func takeOver() {
        let newest = ring.memory.load64(RingLayout.Header.newestNumber)
        let position = ring.memory.load64(RingLayout.Header.position)
        if newest < RingLayout.numberLimit, position < RingLayout.numberLimit {
            if newest != 0 { lastNumber = newest }
            self.position = position
            ring.memory.repairSlots()
        } else {
            // Oriel's writers never reach such numbers, so the slots cannot be trusted.
            ring.memory.emptySlots()
        }
        ring.memory.store32(RingLayout.Header.superseded, 0)
        let restarts = ring.memory.load32(RingLayout.Header.restarts)
        ring.memory.store32(RingLayout.Header.restarts, restarts &+ 1)
    }

    private func introduceWriter(to memory: borrowing RingMemory) {
        let now = CaptureTime.now()
        memory.store64(RingLayout.Header.started, now.realtime)
        memory.store32(RingLayout.Header.writerProcess, UInt32(getpid()))
        memory.store64(RingLayout.Header.heartbeat, now.monotonic)
        memory.writeSource(source)
        memory.writeState(state, reason)
        memory.store64(RingLayout.Header.millihertzAsked, ratesMillihertz.asked)
        memory.store64(RingLayout.Header.millihertzMeasured, ratesMillihertz.measured)
    }
}
