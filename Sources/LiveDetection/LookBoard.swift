import Detection
import Linux
import Names
import Synchronization
import Tracking

/// Divides the detector's threads between cameras.
///
/// Each camera has at most one look, which waits or runs. A look at a newer frame replaces a look that waits.
final class LookBoard: Sendable {
    /// How early a look may begin, as a share of the interval between the camera's looks.
    ///
    /// The cameras' threads decide at which frames the detector looks. This class delays a look only if there are too
    /// many looks.
    private static let earliness = 0.5

    private struct Waiting {
        let look: Look
        let completion: @Sendable (FinishedLook) -> Void
    }

    private struct State {
        var scheduler: LookScheduler
        var waiting: [CameraName: Waiting] = [:]
        /// When the running looks began.
        var running: [CameraName: Instant] = [:]
        var isStopping = false
    }

    private let state: Mutex<State>
    private let threadCount: Int
    /// A counter that is advanced whenever a thread may have something to do.
    private let work = FutexWord()
    private let runningThreads = Atomic(0)

    init(threads: Int, load: Double) {
        threadCount = max(1, threads)
        state = Mutex(State(scheduler: LookScheduler(threads: threads, load: load, earliness: Self.earliness)))
    }

    // MARK: Called by the cameras' threads

    /// Sets how many looks per second a camera may have; 0 removes the camera.
    func setRate(_ rate: Double, of camera: CameraName) {
        state.withLock { state in
            state.scheduler.setRate(rate, of: camera.text, at: .now)
            if rate <= 0 { state.waiting[camera] = nil }
        }
    }

    /// Whether a look at this camera is running.
    func isRunning(_ camera: CameraName) -> Bool { state.withLock { $0.running[camera] != nil } }

    /// Requests a look, which replaces a waiting one of the same camera.
    ///
    /// - Parameters:
    ///   - look: The frame and where to look.
    ///   - camera: The camera.
    ///   - isBusy: Whether something moves in the picture.
    ///   - completion: Called on another thread with the result; not called if the look is replaced or withdrawn.
    /// - Returns: Whether the look begins as soon as a thread is free, so that the frame should wait for it.
    func submit(
        _ look: Look, of camera: CameraName, isBusy: Bool, completion: @escaping @Sendable (FinishedLook) -> Void
    ) -> Bool {
        let now = Instant.now
        let isDue = state.withLock { state in
            state.scheduler.want(camera.text, isBusy: isBusy, at: now)
            state.waiting[camera] = Waiting(look: look, completion: completion)
            return state.scheduler.isDue(camera.text, at: now)
        }
        work.advance()
        return isDue
    }

    /// Withdraws a waiting look, because the newest frame needs no look.
    func rest(_ camera: CameraName) {
        state.withLock { state in
            state.scheduler.rest(camera.text)
            state.waiting[camera] = nil
        }
    }

    /// How long the longest of the running looks has taken so far.
    var longestLook: Duration {
        state.withLock { state in state.running.values.min().map { Instant.now - $0 } ?? .zero }
    }

    func report(on camera: CameraName) -> LookScheduler.Report? {
        state.withLock { $0.scheduler.report(on: camera.text, at: .now) }
    }

    // MARK: Threads

    /// Starts the threads; throws if one cannot be started.
    func start() throws(SystemError) {
        for _ in 0..<threadCount {
            runningThreads.add(1, ordering: .relaxed)
            do throws(SystemError) {
                try Thread("look") { [self] in
                    // Looks must not take time from capturing and serving pictures.
                    Thread.setNiceness(10)
                    run()
                    runningThreads.subtract(1, ordering: .releasing)
                }.detach()
            } catch {
                runningThreads.subtract(1, ordering: .relaxed)
                throw error
            }
        }
    }

    /// Asks the threads to stop after their current looks.
    func stop() {
        state.withLock { $0.isStopping = true }
        work.advance()
    }

    /// Whether all threads have stopped.
    var isFinished: Bool { runningThreads.load(ordering: .acquiring) == 0 }

    private func run() {
        var runner = LookRunner()
        while true {
            let word = work.value
            let now = Instant.now
            var deadline = Instant.distantFuture
            let next: (camera: CameraName, waiting: Waiting)? = state.withLock { state in
                guard !state.isStopping else { return nil }
                guard let text = state.scheduler.next(at: now), let camera = CameraName(text) else {
                    deadline = state.scheduler.nextDue(at: now) ?? .distantFuture
                    return nil
                }
                guard let waiting = state.waiting.removeValue(forKey: camera) else {
                    state.scheduler.finish(text, cost: .zero, at: now)
                    return nil
                }
                state.running[camera] = now
                return (camera, waiting)
            }
            if let next {
                perform(next.waiting, of: next.camera, with: &runner)
            } else if state.withLock({ $0.isStopping }) {
                return
            } else {
                work.wait(while: word, until: min(deadline, now + .seconds(1)))
            }
        }
    }

    private func perform(_ waiting: Waiting, of camera: CameraName, with runner: inout LookRunner) {
        let before = Clock.threadCPU
        let finished = runner.perform(waiting.look)
        let cost = Duration.nanoseconds(Int64(clamping: Clock.threadCPU &- before))
        state.withLock { state in
            state.scheduler.finish(camera.text, cost: cost, at: .now)
            state.running[camera] = nil
        }
        waiting.completion(finished)
        // Another look may have become due while all threads were busy.
        work.advance()
    }
}
