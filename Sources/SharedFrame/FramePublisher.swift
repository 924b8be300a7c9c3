import Glibc
import Linux
import Synchronization

/// The one writer of a ring.
///
/// Not Sendable: one thread uses it. It never waits for a reader. ``heartbeat()`` must be called at least every
/// ``heartbeatInterval``, whatever else happens.
public final class FramePublisher {
    /// The longest time between two heartbeats.
    ///
    /// Readers take a writer whose last one is older than a second for hung.
    public static let heartbeatInterval: Duration = .milliseconds(250)
    /// How often a heartbeat also looks whether the ring still has its name and its size.
    private static let checkInterval: Duration = .seconds(1)
    /// How long interest is assumed after the ring has been replaced: readers need a moment to open the new one.
    private static let interestGracePeriod: Duration = .seconds(2)

    public let name: RingName
    /// Held until the ring is stopped.
    private var lock: WriterLock?
    private var ring: RingObject
    private let slotCount: Int
    /// The number of the last frame, or the one before the first.
    private var lastNumber: UInt64
    private var interestAssumedUntil: Instant?
    private var checkedAt: Instant
    private var source: SourceDescription
    private var state = CameraState.waiting
    private var reason = ""
    private var ratesMillihertz: (asked: UInt64, measured: UInt64) = (0, 0)
    private var isStopped = false

    /// Takes over the ring that a writer left when it died, or makes one.
    ///
    /// - Parameters:
    ///   - name: the ring's name.
    ///   - slotCount: slots wanted; large ones are fewer, so that two rings fit 64 MB.
    ///   - slotByteCount: the most bytes a picture is expected to have; a larger one makes the ring grow.
    ///   - source: where the pictures come from, for people.
    /// - Throws: if another writer lives, if shared memory is full, and if the object of that name is not a ring of this
    ///   user and layout version.
    public init(
        _ name: RingName, slotCount: Int = 8, slotByteCount: Int, source: SourceDescription
    ) throws(RingError) {
        let wanted = min(max(slotByteCount, 4096), RingLayout.maximumSlotByteCount)
        guard let lock = try WriterLock.take(name) else { throw RingError(taken: name) }
        let ring = try RingObject.open(name, geometry: RingGeometry(slotCount: slotCount, slotByteCount: wanted))
        self.name = name
        self.slotCount = slotCount
        self.source = source
        // Unix time in milliseconds: rises over restarts without anything stored (below 2⁵³ until the year 287396).
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
        if !isStopped { stop(reason: "the program that wrote it has ended") }
    }

    // MARK: Demand

    /// Whether a reader wants pictures: one system call.
    public var isWatched: Bool {
        if let end = interestAssumedUntil {
            if Instant.now < end { return true }
            interestAssumedUntil = nil
        }
        return FileLock.isTaken(ring.descriptor, byte: RingLayout.Lock.interest, against: .exclusive)
    }

    /// Waits until a reader takes interest, at most `milliseconds` and 250; returns whether one has.
    public func waitForInterest(milliseconds: Int) -> Bool {
        waitForInterest(timeout: .milliseconds(milliseconds))
    }

    /// Waits until a reader takes interest, at most `timeout` and ``heartbeatInterval``; returns whether one has.
    public func waitForInterest(timeout: Duration) -> Bool {
        if isWatched { return true }
        let bell = ring.memory.load32(RingLayout.Header.doorbell)
        let milliseconds = min(timeout, Self.heartbeatInterval).millisecondsRoundedUp
        _ = ring.memory.wait(RingLayout.Header.doorbell, while: bell, milliseconds: milliseconds)
        return isWatched
    }

    // MARK: Pictures

    /// The number of the newest frame, or of the one before the first.
    public var newestNumber: UInt64 { lastNumber }

    /// Lets `write` put a picture of at most `capacity` bytes straight into the ring.
    ///
    /// - Parameters:
    ///   - capacity: bytes that `write` may fill, up to 64 MiB; the ring grows where its slots are smaller.
    ///   - capture: when the picture was taken.
    ///   - width: pixels, 0 where unknown.
    ///   - height: pixels, 0 where unknown.
    ///   - number: kept when it is higher than the last, else the last + 1 is taken.
    ///   - write: returns how many bytes it wrote; with 0, and when it throws, nothing is published.
    /// - Returns: the frame's number; nil when nothing was published.
    /// - Throws: ``RingError`` when the ring cannot grow, and whatever `write` throws.
    @discardableResult
    public func publish(
        capacity: Int, capture: CaptureTime, width: Int, height: Int, number: UInt64? = nil,
        _ write: (inout MutableRawSpan) throws -> Int
    ) throws -> UInt64? {
        if capacity > ring.memory.geometry.slotByteCount { try grow(to: capacity) }
        let position = ring.memory.load64(RingLayout.Header.position)
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
                published: Clock.monotonic))
        return next
    }

    /// A new ring has no last frame: there the first number that is given is kept whatever it is, so that a relay has
    /// its upstream's.
    private func nextNumber(_ given: UInt64?) -> UInt64 {
        if let given, given > 0, ring.memory.load64(RingLayout.Header.published) == 0 { return given }
        return max(given ?? 0, lastNumber + 1)
    }

    /// Publishes a copy of `bytes`.
    @discardableResult
    public func publish(
        _ bytes: RawSpan, capture: CaptureTime, width: Int, height: Int, number: UInt64? = nil
    ) throws(RingError) -> UInt64 {
        do {
            let published = try publish(
                capacity: bytes.byteCount, capture: capture, width: width, height: height, number: number
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

    // MARK: What readers are told

    /// Says how the source is, and wakes readers.
    ///
    /// `reason` is one sentence for a person, empty while all is well.
    public func setState(_ state: CameraState, reason: String) {
        guard state != self.state || reason != self.reason else { return }
        self.state = state
        self.reason = reason
        ring.memory.writeState(state, reason)
        ring.memory.wakeReaders()
    }

    public func setSource(_ source: SourceDescription) {
        guard source != self.source else { return }
        self.source = source
        ring.memory.writeSource(source)
    }

    /// Frames per second: what was asked for (0: nothing) and what comes.
    public func setRates(asked: Double, measured: Double) {
        ratesMillihertz = (UInt64(millihertz: asked), UInt64(millihertz: measured))
        ring.memory.store64(RingLayout.Header.millihertzAsked, ratesMillihertz.asked)
        ring.memory.store64(RingLayout.Header.millihertzMeasured, ratesMillihertz.measured)
    }

    /// The clock of the pictures' times minus this machine's: a relay's upstream.
    public func setClockOffset(nanoseconds: Int64) {
        ring.memory.store64(RingLayout.Header.clockOffset, UInt64(bitPattern: nanoseconds))
    }

    /// Counts a picture that the source gave.
    public func countCaptured() { ring.memory.count(RingLayout.Header.captured) }

    /// Counts a picture that did not reach the ring.
    public func countDropped(_ reason: DropReason) {
        ring.memory.count(RingLayout.Header.dropped + reason.rawValue * 8)
    }

    /// Counts a picture that was encoded, and the time it took.
    public func countEncode(nanoseconds: UInt64) {
        ring.memory.count(RingLayout.Header.encodedFrames)
        ring.memory.count(RingLayout.Header.encodeNanoseconds, by: nanoseconds)
    }

    /// Says that the writer lives.
    ///
    /// Once a second it also makes the ring anew if somebody has removed its name or truncated it.
    public func heartbeat() throws(RingError) {
        let now = Instant.now
        ring.memory.store64(RingLayout.Header.heartbeat, now.nanoseconds)
        guard now - checkedAt >= Self.checkInterval else { return }
        checkedAt = now
        restoreLock()
        if !ring.hasItsName {
            try replace(with: ring.memory.geometry, isNameOurs: false)
        } else if !ring.isWhole {
            try replace(with: ring.memory.geometry, isNameOurs: true)
        }
    }

    /// Takes the lock on a new file if somebody has removed the one that is locked.
    ///
    /// Until then the lock on the ring itself keeps other writers out.
    private func restoreLock() {
        let hasItsName = lock?.hasItsName ?? true
        guard !hasItsName, let new = try? WriterLock.take(name) else { return }
        lock = consume new
    }

    /// Ends the ring: readers learn it at once and keep what they have; its name and its lock file go.
    public func stop(reason: String) {
        guard !isStopped else { return }
        isStopped = true
        ring.memory.writeState(.stopped, reason)
        ring.removeName()
        FileLock.unlock(ring.descriptor, byte: RingLayout.Lock.writer)
        // Last: who gets this lock finds the other one free.
        lock = nil
        ring.memory.wakeReaders()
    }

    // MARK: Another object under the same name

    private func grow(to byteCount: Int) throws(RingError) {
        guard byteCount <= RingLayout.maximumSlotByteCount else {
            throw RingError(
                .frameTooLarge,
                "a picture of \(byteCount) bytes is larger than the \(RingLayout.maximumSlotByteCount) allowed")
        }
        // A quarter more than needed, so that pictures that slowly get larger do not make a new ring each time.
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
            throw RingError(
                .contested, "shared memory \(name) was removed and made anew by another program: stop that one")
        }
        let old = exchange(&ring, with: new)
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
            ring.memory.repairSlots()
        } else {
            // No writer of ours counts that far: nothing in the slots is to be believed.
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

extension UInt64 {
    fileprivate init(millihertz hertz: Double) {
        self = hertz.isFinite && hertz > 0 && hertz < 1_000_000 ? UInt64(hertz * 1000) : 0
    }
}
