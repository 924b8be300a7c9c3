import Linux
import Synchronization
import SystemPackage

/// Watches the folder of shared memory (/dev/shm) with a single inotify instance for the whole process.
///
/// By default, all programs of a user together may have 128 inotify instances (`fs.inotify.max_user_instances`), so an
/// instance for each camera in each process would be too many. The watch and its thread are started on first use, and
/// exist until the process exits.
public final class RingFolder: Sendable {
    public static let shared = RingFolder()

    /// How often the folder is polled if it cannot be watched.
    static let fallbackInterval: Duration = .milliseconds(250)
    /// How often watching is tried again if the folder cannot be watched.
    private static let retryInterval: Duration = .seconds(5)

    private let state = Mutex(State())

    private struct State {
        var isStarted = false
        var watch: Watch?
        var problem: String?
        var generation: UInt64 = 0
        var lookedAt = Instant.distantPast
        var triedAt = Instant.distantPast
        /// Whether the observers must still be notified of a change.
        var hasNews = false
        /// The counters to advance when a file changes, by the file's name.
        var waiting: [String: [FutexWord]] = [:]
        var observers: [UInt64: @Sendable () -> Void] = [:]
        var nextObserver: UInt64 = 0
    }

    private final class Watch: Sendable {
        let inotify: Inotify
        /// Wakes the watching thread to notify the observers, after another thread has read the changes.
        let news: EventDescriptor

        init() throws(SystemError) {
            news = try EventDescriptor()
            inotify = try Inotify()
            try add()
        }

        func add() throws(SystemError) {
            try inotify.watch(RingName.folder, [.created, .deleted, .movedIn, .movedOut, .attributes])
        }
    }

    /// A number that increases when a ring is created, removed or renamed, or when its owner or permissions change.
    ///
    /// The number reflects all changes that were made before it is read. Reading it takes one system call. A caller
    /// that lists the folder should read the number first, and list the folder again when the number has changed. If
    /// the folder cannot be watched (see ``problem``), the number increases every 250 ms.
    public var generation: UInt64 {
        state.withLock { state in
            start(&state)
            if state.watch != nil {
                takeChanges(&state)
                if state.hasNews { state.watch?.news.signal() }
            } else if state.lookedAt.age(at: .now) >= Self.fallbackInterval {
                state.generation += 1
                state.lookedAt = .now
            }
            return state.generation
        }
    }

    /// One sentence that says why the folder cannot be watched and what to do about it; nil if it is watched.
    ///
    /// If the folder cannot be watched, changes are noticed up to 250 ms late.
    public var problem: String? {
        state.withLock { state in
            start(&state)
            return state.problem
        }
    }

    /// Calls `body` after each change of ``generation``, until the returned observation is released.
    ///
    /// `body` is called on this object's thread, so it must not block; it should only wake another thread. It may be
    /// called once more while the observation is being released.
    public func onChange(_ body: @escaping @Sendable () -> Void) -> Observation {
        let number = state.withLock { state in
            start(&state)
            state.nextObserver += 1
            state.observers[state.nextObserver] = body
            return state.nextObserver
        }
        return Observation(folder: self, number: number)
    }

    /// The registration of a closure with ``RingFolder/onChange(_:)``; it ends when this object is released.
    public final class Observation: Sendable {
        private let folder: RingFolder
        private let number: UInt64

        fileprivate init(folder: RingFolder, number: UInt64) {
            self.folder = folder
            self.number = number
        }

        deinit {
            let number = number
            // The closure is released outside the lock, because objects that it captures may take the lock in turn when
            // they are released.
            let body = folder.state.withLock { $0.observers.removeValue(forKey: number) }
            withExtendedLifetime(body) {}
        }
    }

    // MARK: For subscribers

    /// Makes `word` advance whenever the file `name` changes, or every 250 ms if the folder cannot be watched.
    func add(_ word: FutexWord, waitingFor name: String) {
        state.withLock { state in
            start(&state)
            state.waiting[name, default: []].append(word)
        }
    }

    /// Undoes ``add(_:waitingFor:)``.
    func remove(_ word: FutexWord, waitingFor name: String) {
        state.withLock { state in
            state.waiting[name]?.removeAll { $0 === word }
            if state.waiting[name]?.isEmpty == true { state.waiting[name] = nil }
        }
    }

    // MARK: The watch

    private func start(_ state: inout State) {
        guard !state.isStarted else { return }
        state.isStarted = true
        makeWatch(&state)
        do throws(SystemError) {
            let thread = try Signals.withoutDelivery { () throws(SystemError) in
                try Thread("rings") { [self] in
                    while true { step() }
                }
            }
            thread.detach()
        } catch {
            state.isStarted = false
            state.problem =
                "changes in \(RingName.folder) are noticed late, because a thread cannot be started: \(error)"
        }
    }

    private func makeWatch(_ state: inout State) {
        state.triedAt = .now
        do throws(SystemError) {
            state.watch = try Watch()
            state.problem = nil
        } catch {
            state.problem =
                "\(RingName.folder) is polled every 250 ms instead of being watched (\(error)): raise the sysctl "
                + "fs.inotify.max_user_instances or the limit of open files"
        }
    }

    /// One iteration of the thread, which sleeps until something changes and then notifies the observers.
    private func step() {
        if let watch = state.withLock({ $0.watch }) {
            Poll.wait([watch.inotify.descriptor.number, watch.news.descriptor.number], milliseconds: -1)
            watch.news.clear()
        } else {
            Poll.wait([], milliseconds: Self.fallbackInterval.millisecondsRoundedUp)
        }
        let observers = state.withLock { state -> [@Sendable () -> Void] in
            if state.watch != nil {
                takeChanges(&state)
            } else {
                if state.triedAt.age(at: .now) >= Self.retryInterval { makeWatch(&state) }
                noteChange(&state, nil)
            }
            guard state.hasNews else { return [] }
            state.hasNews = false
            return Array(state.observers.values)
        }
        for observer in observers { observer() }
    }

    private func takeChanges(_ state: inout State) {
        guard let watch = state.watch else { return }
        let names = watch.inotify.changedNames()
        if names.contains("") {
            // The kernel has dropped events, or the folder was unmounted and mounted again.
            do throws(SystemError) {
                try watch.add()
            } catch {
                state.watch = nil
            }
            return noteChange(&state, nil)
        }
        let rings = names.filter(Self.mayBeRing)
        if !rings.isEmpty { noteChange(&state, rings) }
    }

    /// Records that the files `names` have changed; nil means that any file may have changed.
    private func noteChange(_ state: inout State, _ names: Set<String>?) {
        state.generation += 1
        state.lookedAt = .now
        for (name, words) in state.waiting where names?.contains(name) ?? true {
            for word in words { word.advance() }
        }
        state.hasNews = true
    }

    /// Returns whether a file with this name may be a ring.
    ///
    /// Lock files, unfinished rings and files without a prefix are not rings.
    private static func mayBeRing(_ name: String) -> Bool {
        guard !name.hasPrefix(".") else { return false }
        let dots = name.utf8.count { $0 == UInt8(ascii: ".") }
        return dots == 1 || dots == 2
    }
}
