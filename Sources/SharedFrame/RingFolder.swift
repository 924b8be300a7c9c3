import Linux
import Synchronization
import SystemPackage

/// The folder of shared memory, watched by one inotify instance for the whole process.
///
/// All programs of a user share 128 inotify instances by default (`fs.inotify.max_user_instances`), so one for each
/// camera and process would be too many. The watch and its thread start on first use and last as long as the process.
public final class RingFolder: Sendable {
    public static let shared = RingFolder()

    /// How often the folder is polled if it cannot be watched.
    static let fallbackInterval: Duration = .milliseconds(250)
    private static let retryInterval: Duration = .seconds(5)

    private let state = Mutex(State())

    private struct State {
        var isStarted = false
        var watch: Watch?
        var problem: String?
        var generation: UInt64 = 0
        var lookedAt = Instant.distantPast
        var triedAt = Instant.distantPast
        /// Whether the observers must still be called.
        var hasNews = false
        /// The words to advance when a file changes, by the file's name.
        var waiting: [String: [FutexWord]] = [:]
        var observers: [UInt64: @Sendable () -> Void] = [:]
        var nextObserver: UInt64 = 0
    }

    private final class Watch: Sendable {
        let inotify: Inotify
        /// Wakes the watching thread when another thread has read the changes.
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

    /// Increases when a ring is created, removed or renamed, or its owner or permissions change.
    ///
    /// Read it before you list the folder, and list the folder again when it has changed. It covers all changes made
    /// before the call. It costs one system call. Without a watch (see ``problem``) it increases every 250 ms.
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

    /// Why the folder cannot be watched, in one sentence with the remedy; nil if it is watched.
    ///
    /// Without a watch everything still works, up to 250 ms later.
    public var problem: String? {
        state.withLock { state in
            start(&state)
            return state.problem
        }
    }

    /// Calls `body` after each change of ``generation`` until the returned observation is released.
    ///
    /// `body` runs on this object's thread: it must not block, only wake another thread. It may run once more while the
    /// observation is being released.
    public func onChange(_ body: @escaping @Sendable () -> Void) -> Observation {
        let number = state.withLock { state in
            start(&state)
            state.nextObserver += 1
            state.observers[state.nextObserver] = body
            return state.nextObserver
        }
        return Observation(folder: self, number: number)
    }

    /// Keeps a function registered with ``RingFolder/onChange(_:)``.
    public final class Observation: Sendable {
        private let folder: RingFolder
        private let number: UInt64

        fileprivate init(folder: RingFolder, number: UInt64) {
            self.folder = folder
            self.number = number
        }

        deinit {
            let number = number
            // Release the function outside the lock: what it captures may take the lock when it is released.
            let body = folder.state.withLock { $0.observers.removeValue(forKey: number) }
            withExtendedLifetime(body) {}
        }
    }

    // MARK: For subscribers

    /// Advances `word` whenever the file `name` changes, and every 250 ms without a watch.
    func add(_ word: FutexWord, waitingFor name: String) {
        state.withLock { state in
            start(&state)
            state.waiting[name, default: []].append(word)
        }
    }

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
                "changes in \(RingName.folder) are noticed late, because its thread cannot start: \(error)"
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

    /// One iteration of the thread: sleeps until something changes, then reports it.
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
            // Events were lost, or the folder was remounted.
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

    /// Records a change of the files `names`, or of any file if nil.
    private func noteChange(_ state: inout State, _ names: Set<String>?) {
        state.generation += 1
        state.lookedAt = .now
        for (name, words) in state.waiting where names?.contains(name) ?? true {
            for word in words { word.advance() }
        }
        state.hasNews = true
    }

    /// Whether a file's name can be a ring's: not those of lock files and unfinished rings, nor those without a prefix.
    private static func mayBeRing(_ name: String) -> Bool {
        guard !name.hasPrefix(".") else { return false }
        let dots = name.utf8.count { $0 == UInt8(ascii: ".") }
        return dots == 1 || dots == 2
    }
}
