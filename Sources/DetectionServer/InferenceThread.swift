import Detection
import EventLoop
import Linux
import Logging
import Names
import SharedFrame
import Synchronization

/// Runs detection jobs on a separate thread, one at a time, so that the event loop stays responsive.
final class InferenceThread: Sendable {
    /// Whether the detector is available.
    enum Readiness: Sendable {
        case loading
        case ready(Detector.Description)
        case unavailable(DetectionError, since: Instant)
    }

    private struct State {
        var pending: [Job] = []
        var running: (id: UInt64, camera: CameraName, number: UInt64)?
        var readiness = Readiness.loading
        /// When the thread began to process a job or to load the detector; nil while it does neither.
        var busy: (since: Instant, isLoading: Bool)? = (Instant.now, true)
        var isFinished = false
        var hasOtherRuntime = false
        var isToRecheck = false
        var isStopping = false
    }

    private let configuration: DetectorConfiguration
    private let model: CurrentModel
    private let log: Logger
    private let finished: Mailbox<(id: UInt64, outcome: Job.Outcome)>
    private let signal: LoopSignal
    private let work: EventDescriptor
    private let state = Mutex(State())

    /// Prepares the queue of jobs; the caller must then start a thread that calls ``run()``.
    ///
    /// Whenever the detector becomes available or unavailable, `model` is set and a line is logged.
    init(
        _ configuration: DetectorConfiguration, publishing model: CurrentModel, log: Logger, _ signal: LoopSignal
    ) throws(SystemError) {
        self.configuration = configuration
        self.model = model
        self.log = log
        self.signal = signal
        finished = Mailbox(signal)
        work = try EventDescriptor()
        model.onCheck { [weak self] in self?.recheck() }
    }

    // MARK: Called by the event loop

    var readiness: Readiness { state.withLock { $0.readiness } }

    /// Whether another ONNX Runtime has been installed since the detector was loaded.
    ///
    /// The program must be restarted to use it.
    var hasOtherRuntime: Bool { state.withLock { $0.hasOtherRuntime } }

    /// The number of queued jobs.
    var pendingCount: Int { state.withLock { $0.pending.count } }

    func add(_ job: Job) {
        state.withLock { $0.pending.append(job) }
        work.signal()
    }

    /// Removes a queued job for which no request waits; does nothing if the job is running.
    func cancel(_ id: UInt64) {
        state.withLock { state in state.pending.removeAll { $0.id == id } }
    }

    /// Returns the job that is currently processing this frame, if any.
    func running(_ camera: CameraName, number: UInt64) -> UInt64? {
        state.withLock { state in
            guard let running = state.running, running.camera == camera, running.number == number else { return nil }
            return running.id
        }
    }

    /// Removes and returns the finished jobs.
    ///
    /// The event loop is woken whenever a job has finished.
    func takeFinished() -> [(id: UInt64, outcome: Job.Outcome)] { finished.take() }

    /// Makes the thread check the detector's files, and load the detector again if they have changed.
    func recheck() {
        state.withLock { $0.isToRecheck = true }
        work.signal()
    }

    /// Whether the thread is processing a job or loading the detector.
    var isBusy: Bool { state.withLock { $0.busy != nil } }

    /// Whether ``run()`` has returned.
    var isFinished: Bool { state.withLock { $0.isFinished } }

    /// Returns a sentence that says what has taken too long; nil if the thread is not hanging.
    func hang(now: Instant, timeout: Duration) -> String? {
        guard let busy = state.withLock({ $0.busy }) else { return nil }
        let limit = busy.isLoading ? timeout * 4 : timeout
        guard busy.since + limit < now else { return nil }
        let seconds = Int((now - busy.since).inSeconds)
        return busy.isLoading ? "loading the detector has taken \(seconds) s" : "an inference has taken \(seconds) s"
    }

    /// Makes ``run()`` return after the current job.
    func stop() {
        state.withLock { $0.isStopping = true }
        work.signal()
    }

    // MARK: Called by the inference thread

    func run() {
        defer { state.withLock { $0.isFinished = true } }
        var attempt = LoadingAttempt(configuration)
        var detector = load()
        // The detector was loaded at normal priority (see DetectWorker). From now on, serving viewers takes precedence.
        Thread.setNiceness(10)
        Session.setNiceness(10)
        var isSessionSure = false
        while let turn = next() {
            // Setting the session's niceness above may have failed, because Linux allows only one such change per
            // 100 ms (see Limit.sessionTime).
            if !isSessionSure, Instant.now >= attempt.time + Limit.sessionTime {
                Session.setNiceness(10)
                isSessionSure = true
            }
            if detector != nil, Instant.now >= attempt.time + Limit.retryInterval {
                let next = LoadingAttempt(configuration)
                if case .ready(let description) = readiness,
                    next.hasOtherRuntime(than: attempt, inUse: description.runtimePath)
                {
                    log.notice("another ONNX Runtime has been installed: restart detect-fcgi to use it")
                    state.withLock { $0.hasOtherRuntime = true }
                }
                if next.hasOtherModel(than: attempt) {
                    log.notice("the model file has changed: reloading it")
                    detector = nil
                    model.set(.loading)
                    attempt = next
                    detector = load()
                } else {
                    attempt.time = next.time
                    attempt.runtimeSources = next.runtimeSources
                }
            }
            // Files that were missing may have been installed since the last attempt.
            if detector == nil, case .unavailable(let error, _) = readiness {
                let next = LoadingAttempt(configuration)
                if next.isPromising(after: attempt) {
                    attempt = next
                    detector = load()
                } else {
                    settle(.unavailable(error, since: next.time))
                }
            }
            guard case .job(let job) = turn else { continue }
            let outcome = busy(isLoading: false) { perform(job, detector) }
            state.withLock { $0.running = nil }
            finished.post((job.id, outcome))
        }
    }

    private enum Turn {
        case job(Job)
        case recheck
    }

    /// Waits for the next job, or for a request to check the files; returns nil if the thread must stop.
    private func next() -> Turn? {
        while true {
            let (turn, isStopping): (Turn?, Bool) = state.withLock { state in
                if state.isStopping { return (nil, true) }
                if !state.pending.isEmpty { return (.job(state.pending.removeFirst()), false) }
                defer { state.isToRecheck = false }
                return (state.isToRecheck ? .recheck : nil, false)
            }
            if turn != nil || isStopping { return turn }
            Poll.wait([work.descriptor.number], milliseconds: -1)
            work.clear()
        }
    }

    private func busy<Value>(isLoading: Bool, _ body: () -> Value) -> Value {
        state.withLock { $0.busy = (Instant.now, isLoading) }
        defer { state.withLock { $0.busy = nil } }
        return body()
    }

    private func load() -> Detector? { busy(isLoading: true) { loadDetector() } }

    private func loadDetector() -> Detector? {
        var known: DetectionError?
        if case .unavailable(let error, _) = readiness { known = error }
        do throws(DetectionError) {
            let began = Instant.now
            let detector = try Detector(configuration)
            let description = detector.description
            log.notice(
                """
                ready with \(description.model) on \(description.runtime) (\(description.runtimePath)) after \
                \((Instant.now - began).millisecondsRoundedUp) ms
                """)
            model.set(.ready(detector.loadedModel))
            settle(.ready(description))
            return detector
        } catch {
            if error != known {
                log.error("detection is not available: \(error)")
                model.set(.unavailable(error))
            }
            settle(.unavailable(error, since: Instant.now))
            return nil
        }
    }

    private func settle(_ readiness: Readiness) {
        state.withLock { $0.readiness = readiness }
        signal.wake()
    }

    private func perform(_ job: Job, _ detector: Detector?) -> Job.Outcome {
        do throws(DetectionError) {
            switch job.task {
            case .overlay(let jpeg, let predictions):
                return .drawn(
                    try jpeg.withRawSpan { bytes throws(DetectionError) in
                        try Overlay.draw(predictions, on: bytes)
                    })
            case .picture(let bytes):
                return try detect(UploadedPicture.jpeg(from: bytes), with: detector, camera: nil, nil)
            case .frame(let camera, let frame):
                return try detect(frame, of: camera, for: job.id, with: detector)
            case .newest(let camera, let subscriber):
                guard let frame = subscriber.copyNewestFrame() else { return .noFrame }
                return try detect(frame, of: camera, for: job.id, with: detector)
            }
        } catch {
            return .failed(error)
        }
    }

    private func detect(
        _ frame: Frame, of camera: CameraName, for id: UInt64, with detector: Detector?
    ) throws(DetectionError) -> Job.Outcome {
        state.withLock { $0.running = (id, camera, frame.description.number) }
        return try detect(frame.bytes, with: detector, camera: camera, frame.description)
    }

    private func detect(
        _ jpeg: [UInt8], with detector: Detector?, camera: CameraName?, _ frame: FrameDescription?
    ) throws(DetectionError) -> Job.Outcome {
        guard let detector else {
            guard case .unavailable(let error, _) = readiness else { return .noFrame }
            return .unavailable(error)
        }
        // Accept truncated pictures from cameras, because some cameras truncate every picture. Uploads must be
        // complete.
        let detection = try jpeg.withRawSpan { bytes throws(DetectionError) in
            try detector.detect(bytes, isTruncationAllowed: frame != nil)
        }
        return .detected(detection, jpeg, camera: camera, frame)
    }
}
