import Linux
import Synchronization
import SystemPackage

/// The folder of shared memory, watched by one inotify instance for the whole process.
///
/// A user has 128 inotify instances by default (`fs.inotify.max_user_instances`), for all programs together: one for
/// each camera and process would not do. The watch, and a thread that sleeps while nothing changes, start when they are
/// first needed and last as long as the process.
public final class RingFolder: Sendable {
    public static let shared = RingFolder()

    /// How often the folder is looked at if the kernel gives no watch.
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
        /// Whether observers have yet to be called.
        var hasNews = false
        /// Those who wait for a file to appear, by its name.
        var waiting: [String: [FutexWord]] = [:]
        var observers: [UInt64: @Sendable () -> Void] = [:]
        var nextObserver: UInt64 = 0
    }

    private final class Watch: Sendable {
        let inotify: Inotify
        /// Wakes the thread when another one has taken the changes out of the queue.
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

    /// Another number after a ring has been made, removed, or renamed, or has got another owner or other permissions.
    ///
    /// Read it before the folder is listed, and list again when it has changed. What happened before the call is always
    /// counted. Costs one system call. Without a watch (see ``problem``) it changes every 250 ms.
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

    /// Why the folder cannot be watched, in one sentence with the remedy; nil while it is.
    ///
    /// Everything works then too, up to 250 ms later.
    public var problem: String? {
        state.withLock { state in
            start(&state)
            return state.problem
        }
    }

    /// Calls `body` after each change of ``generation``, for as long as the result is kept.
    ///
    /// `body` runs on a thread of this object: it must not block, only wake somebody. It may run once more while the
    /// observation ends.
    public func onChange(_ body: @escaping @Sendable () -> Void) -> Observation {
        let number = state.withLock { state in
            start(&state)
            state.nextObserver += 1
            state.observers[state.nextObserver] = body
            return state.nextObserver
        }
        return Observation(folder: self, number: number)
    }

    /// Keeps a function registered with ``RingFolder/onChange(_:)`` until it goes away.
    public final class Observation: Sendable {
        private let folder: RingFolder
        private let number: UInt64

        fileprivate init(folder: RingFolder, number: UInt64) {
            self.folder = folder
            self.number = number
        }

        deinit {
            let number = number
            // The function may own what takes the lock when it goes: it must outlive the lock.
            let body = folder.state.withLock { $0.observers.removeValue(forKey: number) }
            withExtendedLifetime(body) {}
        }
    }

    // MARK: For subscribers

    /// Advances `word` whenever something happens to the file `name`, and every 250 ms without a watch.
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
                "changes of \(RingName.folder) are seen late, since there is no thread to watch it: \(error)"
        }
    }

    private func makeWatch(_ state: inout State) {
        state.triedAt = .now
        do throws(SystemError) {
            state.watch = try Watch()
            state.problem = nil
        } catch {
            state.problem =
                "\(RingName.folder) is looked at every 250 ms instead of being watched (\(error)): raise the sysctl "
                + "fs.inotify.max_user_instances, or the limit of open files"
        }
    }

    /// What the thread does again and again: sleeps until something changes, and reports it.
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
            // Events were lost, or the folder has been mounted anew.
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

    /// Notes that something happened to the files `names`, or to any if nil.
    private func noteChange(_ state: inout State, _ names: Set<String>?) {
        state.generation += 1
        state.lookedAt = .now
        for (name, words) in state.waiting where names?.contains(name) ?? true {
            for word in words { word.advance() }
        }
        state.hasNews = true
    }

    /// Whether a file can be a ring: lock files and rings that are not finished are not, nor is what lacks a prefix.
    private static func mayBeRing(_ name: String) -> Bool {
        guard !name.hasPrefix(".") else { return false }
        let dots = name.utf8.count { $0 == UInt8(ascii: ".") }
        return dots == 1 || dots == 2
    }
}
