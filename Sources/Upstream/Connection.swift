import CCurl
import Linux
import MotionJPEG
import SharedFrame

/// One connection to an upstream, from the first question to its end.
final class Connection {
    /// Why a connection ended.
    enum Ending: Equatable {
        /// The program stops.
        case stopped
        /// Nobody watches any more, and all was well.
        case released
        case failed(UpstreamProblem)
    }

    /// So many pictures in a row that are none, and it is said.
    private static let refusalsToReport = 3
    /// A connection that brings bytes but no picture is given up after so many times the stall that one without a byte
    /// may last: a slow line gets its time, a server that only drips does not keep the relay for ever.
    private static let stallsToGiveUp: UInt64 = 6
    /// Without a new picture for so long the camera is asked after; and a viewer is told that it is waited for.
    private static let patienceNanoseconds: UInt64 = 500_000_000

    private let camera: PulledCamera
    private let receiver: StreamReceiver
    private let transfer: Transfer
    private let progress = Progress()
    private var poller: StatusPoller?
    private var status: (answer: UpstreamStatus, time: UInt64)?
    private let stallNanoseconds: UInt64
    private var byteCount: UInt64 = 0
    private let created = Clock.monotonic
    /// When the stream's request began, and when its last byte came.
    private var began: UInt64 = 0
    private var lastByte: UInt64 = 0
    /// When a picture is to be asked for again; nil while an answer is under way.
    private var nextStill: UInt64?

    /// Whether a picture came over this connection.
    var hasPicture: Bool { progress.hasPicture }

    init(_ camera: PulledCamera) {
        self.camera = camera
        let configuration = camera.configuration
        stallNanoseconds = UInt64(configuration.stallSeconds * 1e9)
        poller = StatusPoller(configuration)
        let progress = progress
        let receiver = StreamReceiver(maximumPictureByteCount: configuration.maximumPictureByteCount) {
            bytes, headers in
            progress.take(camera.intake.take(bytes, headers), of: camera)
        }
        self.receiver = receiver
        // Not an Accept that begins with image/: Oriel would take this for a browser's <img>.
        let request = configuration.request(
            configuration.address.url, accept: "multipart/x-mixed-replace, image/jpeg;q=0.9, */*;q=0.1")
        transfer = Transfer(request, version: configuration.version) { receiver.receive($0, $1) }
    }

    /// Pulls until something ends it.
    func run() -> Ending {
        defer {
            camera.loop.remove(transfer)
            poller?.cancel(camera.loop)
        }
        if let ending = probe() { return ending }
        ask()
        while true {
            let completions = camera.loop.run(milliseconds: waitMilliseconds, alarm: camera.stop.alarm)
            camera.beat()
            if camera.stop.isSet { return .stopped }
            for completion in completions {
                if let ending = take(completion) { return ending }
            }
            if let ending = look() { return ending }
        }
    }

    /// Asks an upstream that may be Oriel how its camera is, before the first picture is taken for one of the camera.
    private func probe() -> Ending? {
        poller?.ask(camera.loop)
        while poller != nil && status == nil {
            let completions = camera.loop.run(
                milliseconds: PulledCamera.longestWaitMilliseconds, alarm: camera.stop.alarm)
            camera.beat()
            if camera.stop.isSet { return .stopped }
            tellOfWaiting()
            for completion in completions {
                switch poller?.answer(completion, clock: &camera.intake.clock) {
                case .failed(let problem, isConnected: false)?: return .failed(problem)
                case .failed(_, isConnected: true)?: return nil
                case let answer?: take(answer)
                case nil: break
                }
            }
        }
        if case .camera? = progress.problem, !camera.isWanted() { return progress.problem.map(Ending.failed) }
        return nil
    }

    private func ask() {
        nextStill = nil
        began = Clock.monotonic
        lastByte = began
        transfer.rewind()
        camera.loop.add(transfer)
    }

    private var waitMilliseconds: Int {
        guard let nextStill else { return PulledCamera.longestWaitMilliseconds }
        let now = Clock.monotonic
        return nextStill <= now ? 0 : min(PulledCamera.longestWaitMilliseconds, Int((nextStill - now) / 1_000_000) + 1)
    }

    // MARK: What came

    private func take(_ completion: TransferLoop.Completion) -> Ending? {
        if let answer = poller?.answer(completion, clock: &camera.intake.clock) {
            take(answer)
            return nil
        }
        guard completion.transfer === transfer else { return nil }
        if let problem = receiver.problem { return .failed(problem) }
        if let problem = UpstreamProblem(completion, camera.configuration) { return .failed(problem) }
        guard receiver.finish(transfer) else { return .failed(receiver.problem ?? .ended) }
        nextStill = began + UInt64(1e9 / camera.configuration.stillsPerSecond)
        return nil
    }

    private func take(_ answer: StatusPoller.Answer) {
        switch answer {
        case .foreign:
            poller = nil
            camera.intake.isClockTold = false
        case .failed:
            break
        case .status(let answer):
            status = (answer, Clock.monotonic)
            camera.intake.isClockTold = true
            camera.framesPerSecondAsked = answer.framesPerSecondAsked
            progress.take(answer, of: camera)
        }
    }

    // MARK: What did not come

    private func look() -> Ending? {
        if !camera.isWanted() {
            if progress.hasPicture { return .released }
            if case .camera? = progress.problem { return progress.problem.map(Ending.failed) }
        }
        let now = Clock.monotonic
        if let nextStill {
            if now >= nextStill { ask() }
            return nil
        }
        tellOfWaiting()
        askAfterCamera(now)
        if transfer.byteCount != byteCount {
            byteCount = transfer.byteCount
            lastByte = now
        }
        guard let connected = transfer.connectedMicroseconds else { return nil }
        let connectedAt = began + UInt64(connected) * 1000
        if now &- max(lastByte, connectedAt) > stallNanoseconds, now > connectedAt, !isQuietKnown(now) {
            return .failed(.silent(seconds: camera.configuration.stallSeconds))
        }
        return lookForPictures(now, since: connectedAt)
    }

    private func askAfterCamera(_ now: UInt64) {
        guard let poller else { return }
        if progress.isRepeating {
            if poller.ask(camera.loop, for: .repetition) { progress.isRepeating = false }
        } else {
            let isSilent = now &- max(progress.lastWhole, began) > Self.patienceNanoseconds
            _ = poller.ask(camera.loop, for: isSilent ? .silence : .clock)
        }
    }

    /// A camera that was idle, and so well, and is slow to come back is said to be waited for.
    private func tellOfWaiting() {
        if !progress.hasPicture, Clock.monotonic &- created > Self.patienceNanoseconds { camera.reporter.waiting() }
    }

    /// Whether the upstream itself says that it has no new picture: then its silence is no fault of the connection.
    private func isQuietKnown(_ now: UInt64) -> Bool {
        guard let status, now &- status.time < stallNanoseconds else { return false }
        return camera.intake.offlineNumber != nil || camera.intake.hasPicture(status.answer.frameNumber)
    }

    /// Says so where bytes come and pictures do not, and in the end gives such a connection up.
    private func lookForPictures(_ now: UInt64, since connected: UInt64) -> Ending? {
        guard camera.intake.offlineNumber == nil, !isQuietKnown(now) else { return nil }
        let lastWhole = max(progress.lastWhole, connected)
        let seconds = camera.configuration.stallSeconds
        if let refusal = progress.refusal, progress.refusalCount >= Self.refusalsToReport {
            if now > lastWhole + 1_000_000_000 { progress.show(refusal, of: camera) }
        } else if now > lastWhole + stallNanoseconds {
            if progress.lastRepeat > lastWhole {
                progress.show(.repeating(seconds: seconds), of: camera)
            } else if now < lastByte + stallNanoseconds / 2 {
                progress.show(.noWholePicture(seconds: seconds), of: camera)
            }
        }
        guard now > max(lastWhole, progress.lastRepeat) + stallNanoseconds * Self.stallsToGiveUp else { return nil }
        return .failed(progress.problem ?? .noWholePicture(seconds: seconds))
    }
}
