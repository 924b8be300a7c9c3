public import Linux
import Synchronization

/// A reader of a ring that may come, go, grow and come back under its name.
///
/// Sendable: one thread may wait while others ask for status or change interest. It cannot change a frame, and it
/// never holds up the writer.
public final class FrameSubscriber: Sendable {
    /// Why a wait ended.
    public enum Outcome: Sendable, Equatable {
        /// There is a frame of this number.
        case frame(UInt64)
        /// The state, the writer or the object under the name may have changed, or ``interrupt()`` was called.
        case changed
        case timedOut
    }

    public let name: RingName
    private let state = Mutex(State())
    private let isInterrupted = Atomic(false)
    /// Advanced by ``interrupt()``, and when something happens to the file behind the name.
    private let attention = FutexWord()

    private struct State {
        var view: RingView?
        var isInterested = false
        /// Why the object under the name cannot be read; the last look's answer.
        var refusal: RingError?
        var wasWriterWell = false
        /// Whether the view's object has lost its name: the next one announces itself in the folder.
        var isOrphaned = false
        /// The last status, with the word that the writer changes when it announces something.
        var recentStatus: (word: UInt32, time: Instant, status: RingStatus)?
    }

    /// Never fails because there is no ring: it may come later.
    ///
    /// Takes no descriptors before there is a ring, and one then.
    public init(_ name: RingName) throws(SystemError) {
        self.name = name
        RingFolder.shared.add(attention, waitingFor: name.fileName)
    }

    deinit {
        RingFolder.shared.remove(attention, waitingFor: name.fileName)
    }

    // MARK: Waiting

    /// The longest sleep while a ring is there: the death of a writer wakes nobody.
    private static let checkInterval: Duration = .milliseconds(250)
    /// The longest sleep while there is none.
    private static let arrivalInterval: Duration = .seconds(1)

    /// Waits until the newest frame is another than `number`, or something else has changed, or the time is over.
    public func wait(newerThan number: UInt64, milliseconds: Int) -> Outcome {
        wait(newerThan: number, timeout: .milliseconds(milliseconds))
    }

    /// Waits until the newest frame is another than `number`, or something else has changed, or `timeout` is over.
    ///
    /// One thread at a time.
    public func wait(newerThan number: UInt64, timeout: Duration) -> Outcome {
        let deadline = Instant.now + timeout
        while true {
            // Before anything is looked at: whatever happens from here on ends the sleep below.
            let attention = attention.value
            if isInterrupted.exchange(false, ordering: .acquiringAndReleasing) { return .changed }
            guard let view = currentView() else {
                let now = Instant.now
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
            let now = Instant.now
            if now >= deadline { return .timedOut }
            if view.isSuperseded {
                // Nothing that can be read has taken its place.
                self.attention.wait(while: attention, until: min(deadline, now + Self.checkInterval))
            } else if state.withLock({ $0.isOrphaned && $0.view === view }) {
                self.attention.wait(while: attention, until: min(deadline, now + Self.arrivalInterval))
                if lookAround(view) { return .changed }
            } else if view.wait(
                while: word, or: self.attention, while: attention, until: min(deadline, now + Self.checkInterval))
            {
                let latest = view.newestNumber
                if latest == newest {
                    // The file behind the name: the next look finds out whether that concerns this reader.
                    if view.wakeWord == word, !isInterrupted.load(ordering: .acquiring) {
                        if lookAround(view) { return .changed }
                        continue
                    }
                    return .changed
                }
                // At once: what else may have changed is seen when the frame is read, or by the next wait.
                if latest != number && latest != 0 && !view.isSuperseded { return .frame(latest) }
            } else if lookAround(view) {
                return .changed
            }
        }
    }

    /// Makes ``wait(newerThan:timeout:)`` return `changed` in the thread that waits, or at its next call.
    ///
    /// At once with Linux 5.16 or later, else within 250 ms.
    public func interrupt() {
        isInterrupted.store(true, ordering: .releasing)
        attention.advance()
        // For kernels that cannot wait for two words.
        state.withLock { $0.view }?.wakeWaiters()
    }

    // MARK: Interest

    /// Shows the writer that pictures are wanted, also after the ring has been replaced.
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

    // MARK: What is in the ring

    /// Lends the newest frame to `body`; returns nil if there is none.
    ///
    /// `body` runs again if the writer has overwritten the bytes meanwhile: nothing of them may get out before this
    /// call returns.
    public func withNewestFrame<Value, Failure: Error>(
        _ body: (FrameDescription, RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value? {
        try currentView()?.withNewestFrame(body)
    }

    /// A copy of the newest frame; nil if there is none.
    public func copyNewestFrame() -> Frame? {
        withNewestFrame { description, bytes in
            Frame(description: description, bytes: unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) })
        }
    }

    /// A copy of frame `number`; nil if it is not, or no longer, in the ring.
    public func copyFrame(number: UInt64) -> Frame? {
        currentView()?.withFrame(number: number) { description, bytes in
            Frame(description: description, bytes: unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) })
        }
    }

    /// The ring's header; nil if there is no ring.
    ///
    /// That of the object which has the name now, even while nobody waits: a writer that ended may have a successor.
    ///
    /// Costs one system call while the writer is well, and two or three when it is not.
    public var status: RingStatus? {
        guard let view = currentView() else { return nil }
        let isAlive = view.isWriterAlive
        if (!isAlive || view.isHeartbeatOld), lookAround(view, isWriterAlive: isAlive),
            let current = currentView(), current !== view
        {
            return current.status(isWriterAlive: current.isWriterAlive)
        }
        return view.status(isWriterAlive: isAlive)
    }

    /// How old ``recentStatus`` may be: a writer's death is seen that much later.
    private static let recentStatusLifetime: Duration = .milliseconds(10)

    /// ``status``, or what it was up to 10 ms ago if the writer has announced no frame and no other state since.
    public var recentStatus: RingStatus? {
        let now = Instant.now
        let known = state.withLock { state -> RingStatus? in
            guard let view = state.view, let recent = state.recentStatus,
                recent.time.age(at: now) < Self.recentStatusLifetime, view.wakeWord == recent.word
            else { return nil }
            return recent.status
        }
        if let known { return known }
        // The word first: what is announced while the status is read must not be missed.
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

    /// Why the object of this name is not read, in one sentence; nil if it is, or if there is none.
    public var refusal: String? { state.withLock { $0.refusal?.description } }

    // MARK: The object under the name

    /// The view of the object, opened if need be.
    ///
    /// An object that has lost its name is kept until there is another.
    private func currentView() -> RingView? {
        state.withLock { state in
            if let view = state.view {
                if !view.isSuperseded && !view.wasCutOff { return view }
                if view.wasCutOff { state.view = nil }
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
            // Interest in the new object first: the writer must not see a moment without any.
            if state.isInterested { view.takeInterest() }
            state.view = view
            state.recentStatus = nil
            state.isOrphaned = false
            state.wasWriterWell = view.isWriterWell
        } catch {
            state.refusal = error
        }
    }

    /// Looks for what wakes nobody: another object under the name, a writer that died, hangs, or has recovered.
    ///
    /// Returns whether there is any of it. `isWriterAlive` is given if it has just been looked at.
    private func lookAround(_ view: RingView, isWriterAlive: Bool? = nil) -> Bool {
        let isOrphaned = !view.hasItsName
        if isOrphaned { reopen(view) }
        return state.withLock { state in
            guard state.view === view else { return true }
            state.isOrphaned = isOrphaned
            let isWell = (isWriterAlive ?? view.isWriterAlive) && !view.isHeartbeatOld
            defer { state.wasWriterWell = isWell }
            return isWell != state.wasWriterWell
        }
    }
}
