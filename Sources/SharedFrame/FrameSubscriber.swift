public import Linux
import Synchronization

/// A reader of a ring that may appear, disappear, grow and reappear under its name.
///
/// Sendable: one thread may wait while others read the status or change interest. A reader cannot modify frames, and it
/// never delays the writer.
public final class FrameSubscriber: Sendable {
    /// Why a wait ended.
    public enum Outcome: Sendable, Equatable {
        /// The newest frame has this number.
        case frame(UInt64)
        /// The state, the writer or the object under the name may have changed, or ``interrupt()`` was called.
        case changed
        case timedOut
    }

    public let name: RingName
    private let state = Mutex(State())
    private let isInterrupted = Atomic(false)
    /// Advanced by ``interrupt()``, and when the file behind the name changes.
    private let attention = FutexWord()

    private struct State {
        var view: RingView?
        var isInterested = false
        /// Why the last attempt to open the object failed.
        var refusal: RingError?
        var wasWriterHealthy = false
        /// Whether the view's object no longer has its name: the folder's watch announces the next one.
        var isOrphaned = false
        /// The last status, with the wake word at that time.
        var recentStatus: (word: UInt32, time: Instant, status: RingStatus)?
    }

    /// Creates a reader; the ring need not exist yet.
    ///
    /// Uses one descriptor while the ring exists, and none before.
    public init(_ name: RingName) throws(SystemError) {
        self.name = name
        RingFolder.shared.add(attention, waitingFor: name.fileName)
    }

    deinit {
        RingFolder.shared.remove(attention, waitingFor: name.fileName)
    }

    // MARK: Waiting

    /// The maximum sleep while a ring exists: a writer's death does not wake readers.
    private static let checkInterval: Duration = .milliseconds(250)
    /// The maximum sleep while no ring exists.
    private static let arrivalInterval: Duration = .seconds(1)

    /// Waits until the newest frame is another than `number`, or something else has changed, or the time is over.
    public func wait(newerThan number: UInt64, milliseconds: Int) -> Outcome {
        wait(newerThan: number, timeout: .milliseconds(milliseconds))
    }

    /// Waits until the newest frame's number differs from `number`, something else changes, or `timeout` expires.
    ///
    /// Only one thread may wait at a time.
    public func wait(newerThan number: UInt64, timeout: Duration) -> Outcome {
        var now = Instant.now
        let deadline = now + timeout
        var hasSlept = false
        while true {
            if hasSlept { now = .now }
            hasSlept = true
            // Read this first: every later change ends the sleep below.
            let attention = attention.value
            if isInterrupted.exchange(false, ordering: .acquiringAndReleasing) { return .changed }
            guard let view = currentView() else {
                if now >= deadline { return .timedOut }
                self.attention.wait(while: attention, until: min(deadline, now + Self.arrivalInterval))
                if currentView() != nil { return .changed }
                continue
            }
            let word = view.wakeWord
            let newest = view.newestNumber
            if newest != number && newest != 0 { return .frame(newest) }
            if view.isSuperseded {
                reopen(view)
                if currentView() !== view { return .changed }
            }
            if now >= deadline { return .timedOut }
            if view.isSuperseded {
                // No readable object has replaced it yet.
                self.attention.wait(while: attention, until: min(deadline, now + Self.checkInterval))
            } else if state.withLock({ $0.isOrphaned && $0.view === view }) {
                self.attention.wait(while: attention, until: min(deadline, now + Self.arrivalInterval))
                if recheck(view) { return .changed }
            } else if view.wait(
                while: word, or: self.attention, while: attention,
                until: timeout <= Self.checkInterval ? deadline : min(deadline, now + Self.checkInterval))
            {
                let latest = view.newestNumber
                if latest == newest {
                    // The file behind the name changed: check whether that concerns this reader.
                    if view.wakeWord == word, !isInterrupted.load(ordering: .acquiring) {
                        if recheck(view) { return .changed }
                        continue
                    }
                    return .changed
                }
                // Return at once: reading the frame, or the next wait, notices other changes.
                if latest != number && latest != 0 && !view.isSuperseded { return .frame(latest) }
            } else if recheck(view) {
                return .changed
            }
        }
    }

    /// Makes the current or the next ``wait(newerThan:timeout:)`` return `changed`.
    ///
    /// It takes effect at once on Linux 5.16 or later, otherwise within 250 ms.
    public func interrupt() {
        isInterrupted.store(true, ordering: .releasing)
        attention.advance()
        // For kernels that cannot wait on two futexes.
        state.withLock { $0.view }?.wakeWaiters()
    }

    // MARK: Interest

    /// Tells the writer that this reader wants pictures, even after the ring has been replaced.
    public func takeInterest() {
        state.withLock {
            guard !$0.isInterested else { return }
            $0.isInterested = true
            $0.view?.takeInterest()
        }
    }

    public func dropInterest() {
        state.withLock {
            $0.isInterested = false
            $0.view?.dropInterest()
        }
    }

    // MARK: Frames and status

    /// Calls `body` with the newest frame; returns nil if there is none.
    ///
    /// `body` runs again if the writer overwrote the bytes in the meantime: do not use what it read before this call
    /// returns.
    public func withNewestFrame<Value, Failure: Error>(
        _ body: (FrameDescription, RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        try currentView()?.withNewestFrame(body)
    }

    /// Returns a copy of the newest frame, or nil if there is none.
    public func copyNewestFrame() -> Frame? {
        withNewestFrame { description, bytes in
            Frame(description: description, bytes: unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) })
        }
    }

    /// Returns a copy of frame `number`, or nil if it is not, or no longer, in the ring.
    public func copyFrame(number: UInt64) -> Frame? {
        currentView()?.withFrame(number: number) { description, bytes in
            Frame(description: description, bytes: unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) })
        }
    }

    /// The ring's status; nil if there is no ring.
    ///
    /// It reads the object that has the name now, even if no thread waits: a new writer may have replaced a dead one.
    ///
    /// It costs one system call while the writer is healthy, otherwise two or three.
    public var status: RingStatus? {
        guard let view = currentView() else { return nil }
        let isAlive = view.isWriterAlive
        if (!isAlive || view.isHeartbeatOld), recheck(view, isWriterAlive: isAlive),
            let current = currentView(), current !== view
        {
            return current.status(isWriterAlive: current.isWriterAlive)
        }
        return view.status(isWriterAlive: isAlive)
    }

    /// The maximum age of ``recentStatus``: it reports a writer's death that much later.
    private static let recentStatusLifetime: Duration = .milliseconds(10)

    /// ``status``, cached for up to 10 ms unless the writer has announced a frame or another state since.
    public var recentStatus: RingStatus? {
        let now = Instant.now
        let known = state.withLock { state -> RingStatus? in
            guard let view = state.view, let recent = state.recentStatus,
                recent.time.age(at: now) < Self.recentStatusLifetime, view.wakeWord == recent.word
            else { return nil }
            return recent.status
        }
        if let known { return known }
        // Read the word first, so as not to miss a change while the status is read.
        let view = currentView()
        let word = view?.wakeWord
        let status = status
        state.withLock { state in
            guard let word, let status, state.view === view else {
                state.recentStatus = nil
                return
            }
            state.recentStatus = (word, now, status)
        }
        return status
    }

    /// Why the object of this name cannot be read, in one sentence; nil if it can, or if there is no object.
    public var refusal: String? { state.withLock { $0.refusal?.description } }

    // MARK: Opening the object

    /// The current view; opens the object if necessary.
    ///
    /// An object that has lost its name is kept until another one appears.
    private func currentView() -> RingView? {
        state.withLock { state in
            if let view = state.view {
                if !view.isSuperseded && !view.wasTruncated { return view }
                if view.wasTruncated { state.view = nil }
            }
            Self.open(name, &state)
            return state.view
        }
    }

    private func reopen(_ view: RingView) {
        state.withLock { state in
            if state.view === view { Self.open(name, &state) }
        }
    }

    private static func open(_ name: RingName, _ state: inout State) {
        do throws(RingError) {
            state.refusal = nil
            guard let view = try RingView.open(name) else { return }
            // Take interest in the new object first, so that its writer never sees a moment without interest.
            if state.isInterested { view.takeInterest() }
            state.view = view
            state.recentStatus = nil
            state.isOrphaned = false
            state.wasWriterHealthy = view.isWriterHealthy
        } catch {
            state.refusal = error
        }
    }

    /// Checks for changes that do not wake readers: a new object under the name, or a writer that died, hangs or
    /// recovered.
    ///
    /// Returns true if there is one. Pass `isWriterAlive` if it was determined just before.
    private func recheck(_ view: RingView, isWriterAlive: Bool? = nil) -> Bool {
        let isOrphaned = !view.hasItsName
        if isOrphaned { reopen(view) }
        return state.withLock { state in
            guard state.view === view else { return true }
            state.isOrphaned = isOrphaned
            let isHealthy = (isWriterAlive ?? view.isWriterAlive) && !view.isHeartbeatOld
            defer { state.wasWriterHealthy = isHealthy }
            return isHealthy != state.wasWriterHealthy
        }
    }
}
