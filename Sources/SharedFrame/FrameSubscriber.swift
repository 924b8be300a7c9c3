public import Linux
import Synchronization

/// A reader of a ring.
///
/// The ring may be created after the reader, and may be removed, replaced and recreated at any time. A reader cannot
/// modify frames, and it never delays the writer. One thread may wait for frames while other threads read the status or
/// change the interest.
public final class FrameSubscriber: Sendable {
    /// Why a wait ended.
    public enum Outcome: Sendable, Equatable {
        /// There is a new frame, and the newest one has this number.
        case frame(UInt64)
        /// The camera's state, its writer, or the object with the ring's name may have changed, or ``interrupt()`` was
        /// called.
        case changed
        case timedOut
    }

    public let name: RingName
    private let state = Mutex(State())
    private let isInterrupted = Atomic(false)
    /// A counter that advances when ``interrupt()`` is called, and when the ring's file is created, removed or changed.
    private let attention = FutexWord()

    private struct State {
        var view: RingView?
        var isInterested = false
        /// Why the last attempt to open the object failed, or nil if it did not fail.
        var refusal: RingError?
        var wasWriterHealthy = false
        /// Whether the ring's name no longer refers to the view's object.
        ///
        /// ``RingFolder`` then announces the next object with that name.
        var isOrphaned = false
        /// The last status, and the value of the wake word and the time when that status was read.
        var recentStatus: (word: UInt32, time: Instant, status: RingStatus)?
    }

    /// Creates a reader.
    ///
    /// The ring need not exist yet.
    ///
    /// A reader uses one descriptor while the ring exists, and no descriptor before that.
    public init(_ name: RingName) throws(SystemError) {
        self.name = name
        RingFolder.shared.add(attention, waitingFor: name.fileName)
    }

    deinit {
        RingFolder.shared.remove(attention, waitingFor: name.fileName)
    }

    // MARK: Waiting

    /// How long a wait may sleep while a ring exists.
    ///
    /// The death of a writer does not wake readers, so they check for it.
    private static let checkInterval: Duration = .milliseconds(250)
    /// How long a wait may sleep while no ring exists.
    private static let arrivalInterval: Duration = .seconds(1)

    /// Waits until the newest frame's number differs from `number`, something else changes, or the timeout expires.
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
            // Read this counter first, so that any later change ends the sleep below.
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
                // There is no new object yet, or it cannot be read.
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
                    // The ring's file has changed. Check whether that makes a difference to this reader.
                    if view.wakeWord == word, !isInterrupted.load(ordering: .acquiring) {
                        if recheck(view) { return .changed }
                        continue
                    }
                    return .changed
                }
                // There is a new frame. If anything else has changed too, the next call notices it.
                if latest != number && latest != 0 && !view.isSuperseded { return .frame(latest) }
            } else if recheck(view) {
                return .changed
            }
        }
    }

    /// Makes the current or the next ``wait(newerThan:timeout:)`` return `changed`.
    ///
    /// The wait returns immediately on Linux 5.16 or later, and within 250 ms on earlier kernels.
    public func interrupt() {
        isInterrupted.store(true, ordering: .releasing)
        attention.advance()
        // Before Linux 5.16, the waiting thread sleeps on the ring's futex only.
        state.withLock { $0.view }?.wakeWaiters()
    }

    // MARK: Interest

    /// Tells the ring's writer that this reader wants pictures.
    ///
    /// This remains in effect when the ring is replaced.
    public func takeInterest() {
        state.withLock {
            guard !$0.isInterested else { return }
            $0.isInterested = true
            $0.view?.takeInterest()
        }
    }

    /// Tells the ring's writer that this reader no longer wants pictures.
    public func dropInterest() {
        state.withLock {
            $0.isInterested = false
            $0.view?.dropInterest()
        }
    }

    // MARK: Frames and status

    /// Calls `body` with the newest frame and returns the result of `body`, or nil if there is no frame.
    ///
    /// If the writer has overwritten the bytes in the meantime, `body` is called again with another frame. Until this
    /// call has returned, the caller must therefore not use anything that `body` has read.
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

    /// Returns a copy of the frame with the given number, or nil if it is not in the ring, for example because it was
    /// overwritten.
    public func copyFrame(number: UInt64) -> Frame? {
        currentView()?.withFrame(number: number) { description, bytes in
            Frame(description: description, bytes: unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) })
        }
    }

    /// The ring's status, or nil if there is no ring.
    ///
    /// If the writer is dead or hangs, this first checks whether another writer has created a new object with the
    /// ring's name, and then returns the status of that object. Reading this makes one system call while the writer is
    /// healthy, and two or three otherwise.
    public var status: RingStatus? {
        guard let view = currentView() else { return nil }
        let isAlive = view.isWriterAlive
        if (!isAlive || view.isHeartbeatOld), recheck(view, isWriterAlive: isAlive),
            let current = currentView(), current !== view
        {
            return current.status(isWriterAlive: current.isWriterAlive)
        }
        var status = view.status(isWriterAlive: isAlive)
        // Something else has taken the name of the dead writer's ring, and prevents a new writer from starting.
        if !isAlive, let refusal { (status.state, status.reason) = (.stopped, refusal) }
        return status
    }

    /// The maximum age of ``recentStatus``.
    ///
    /// The report of a writer's death may be delayed by up to this time.
    private static let recentStatusLifetime: Duration = .milliseconds(10)

    /// The value of ``status``, which is cached until 10 ms have passed, or until the writer publishes a frame or
    /// changes the state.
    public var recentStatus: RingStatus? {
        let now = Instant.now
        let known = state.withLock { state -> RingStatus? in
            guard let view = state.view, let recent = state.recentStatus,
                recent.time.age(at: now) < Self.recentStatusLifetime, view.wakeWord == recent.word
            else { return nil }
            return recent.status
        }
        if let known { return known }
        // Read the word first, so that a change is not missed if it happens while the status is read.
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

    /// One sentence that says why the object with the ring's name cannot be read.
    ///
    /// This is nil if the object can be read, or if there is no object. If this process should write the ring but
    /// cannot, this is the reason (see ``WriterProblems``).
    public var refusal: String? {
        WriterProblems.shared.sentence(for: name) ?? state.withLock { $0.refusal?.description }
    }

    // MARK: Opening the object

    /// Returns the current view, and opens the object first if necessary; returns nil if there is no readable object.
    ///
    /// An object that has lost its name is kept until another one appears.
    private func currentView() -> RingView? {
        let isUnwritable = WriterProblems.shared.sentence(for: name) != nil
        return state.withLock { state in
            if isUnwritable {
                state.view = nil
                return nil
            }
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
            // The interest in the old object is dropped only after this, so that the writer never sees a moment without
            // interest.
            if state.isInterested { view.takeInterest() }
            state.view = view
            state.recentStatus = nil
            state.isOrphaned = false
            state.wasWriterHealthy = view.isWriterHealthy
        } catch {
            state.refusal = error
        }
    }

    /// Checks for changes that do not wake readers, and returns whether there are any.
    ///
    /// These changes are a new object with the ring's name, and a writer that has died, hangs or has recovered. A
    /// caller that has just determined whether the writer is alive passes the result as `isWriterAlive`.
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
