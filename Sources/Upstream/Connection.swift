import Curl
import EventLoop
import Linux
import MotionJPEG
import SharedFrame

/// One connection to an upstream, from the first request until it ends.
final class Connection {
    /// Why a connection ended.
    enum Ending: Equatable {
        /// The program is stopping.
        case stopped
        /// Nobody is watching any more, and the upstream was working.
        case released
        case failed(UpstreamProblem)
    }

    /// The number of consecutive unusable pictures after which the problem is reported.
    private static let refusalsToReport = 3
    /// A connection that delivers bytes but no picture is closed after this many stall timeouts: long enough for a slow
    /// network, but a server that only trickles bytes cannot hold the relay for ever.
    private static let stallsToGiveUp = 6
    /// How long to wait for a new picture before requesting the camera's status and showing viewers the state
    /// `waiting`.
    private static let silenceToAsk = Duration.milliseconds(500)

    private let camera: PulledCamera
    private let receiver: StreamReceiver
    private let transfer: Transfer
    private let progress = Progress()
    private var poller: StatusPoller?
    private var status: (answer: UpstreamStatus, time: Instant)?
    private let stallTimeout: Duration
    private var byteCount: UInt64 = 0
    private let created = Instant.now
    /// When the stream's request began, and when its last byte arrived.
    private var began = Instant.distantPast
    private var lastByte = Instant.distantPast
    /// When to resume reading from a server that sent too many pictures, or nil if it is not paused.
    private var resumption: Instant?
    /// When to request the next still picture, or nil while a response is in progress.
    private var nextStill: Instant?

    /// Whether a picture arrived over this connection.
    var hasPicture: Bool { progress.hasPicture }

    init(_ camera: PulledCamera) {
        self.camera = camera
        let configuration = camera.configuration
        stallTimeout = configuration.stallTimeout
        poller = StatusPoller(configuration)
        let progress = progress
        let receiver = StreamReceiver(maximumPictureByteCount: configuration.maximumPictureByteCount) {
            bytes, headers in
            progress.take(camera.intake.take(bytes, headers), of: camera)
        }
        self.receiver = receiver
        // Oriel would treat an Accept header that begins with image/ as a browser's <img>.
        let request = configuration.request(
            configuration.address.url, accept: "multipart/x-mixed-replace, image/jpeg;q=0.9, */*;q=0.1")
        transfer = Transfer(request) { transfer, bytes in
            defer {
                // A fast server can keep libcurl busy for longer than the heartbeat interval.
                camera.beatIfDue()
                if progress.isFlooded { transfer.pause() }
            }
            return receiver.receive(transfer, bytes)
        }
    }

    /// Receives pictures until something ends the connection.
    func run() -> Ending {
        defer {
            camera.loop.remove(transfer)
            poller?.cancel(camera.loop)
        }
        if let ending = probe() { return ending }
        ask()
        while true {
            let completions = camera.loop.run(timeout: timeout, alarm: camera.stop.event)
            camera.beat()
            if camera.stop.isStopping { return .stopped }
            for completion in completions {
                if let ending = take(completion) { return ending }
            }
            if let ending = check() { return ending }
            checkFlood()
        }
    }

    /// Requests the status of an upstream that may be Oriel, so that its outage picture is not mistaken for a frame.
    private func probe() -> Ending? {
        poller?.ask(camera.loop)
        while poller != nil && status == nil {
            let completions = camera.loop.run(timeout: PulledCamera.maximumWait, alarm: camera.stop.event)
            camera.beat()
            if camera.stop.isStopping { return .stopped }
            reportWaiting()
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
        began = .now
        lastByte = began
        resumption = nil
        progress.isFlooded = false
        transfer.rewind()
        camera.loop.add(transfer)
    }

    private var timeout: Duration {
        guard let next = [nextStill, resumption].compactMap(\.self).min() else { return PulledCamera.maximumWait }
        return min(PulledCamera.maximumWait, max(.zero, next - .now))
    }

    /// Stops reading for a while from a server that exceeds the picture rate, so that TCP flow control slows it down.
    private func checkFlood() {
        let now = Instant.now
        if let resumption {
            guard now >= resumption else { return }
            self.resumption = nil
            progress.isFlooded = false
            transfer.resume()
        } else if progress.isFlooded {
            resumption = now + PictureBudget.rest(afterExcess: progress.takeExcessCount())
        }
    }

    // MARK: Received data

    private func take(_ completion: TransferLoop.Completion) -> Ending? {
        if let answer = poller?.answer(completion, clock: &camera.intake.clock) {
            take(answer)
            return nil
        }
        guard completion.transfer === transfer else { return nil }
        if let problem = receiver.problem { return .failed(problem) }
        if let problem = UpstreamProblem(completion, camera.configuration) { return .failed(problem) }
        guard receiver.finish(transfer) else { return .failed(receiver.problem ?? .ended) }
        if let problem = stillProblem() { return .failed(problem) }
        nextStill = began + Duration(inSeconds: 1 / camera.configuration.stillsPerSecond)
        return nil
    }

    /// Returns why polling for stills is pointless, or nil if it should go on.
    ///
    /// An upstream that has delivered a picture may fail a few times. Pictures without an end marker are polled for as
    /// long as it takes to learn that the camera never sends it, if somebody is watching.
    private func stillProblem() -> UpstreamProblem? {
        guard let refusal = progress.refusal, progress.refusalCount > 0 else { return nil }
        let isReported = progress.refusalCount >= Self.refusalsToReport
        if progress.hasPicture, !isReported { return nil }
        guard refusal == .truncated, progress.refusalCount < TruncationRule.minimumCount, camera.isWanted() else {
            return refusal
        }
        if isReported { progress.show(refusal, of: camera) }
        return nil
    }

    private func take(_ answer: StatusPoller.Answer) {
        switch answer {
        case .foreign:
            poller = nil
            camera.intake.hasStatusClock = false
        case .failed:
            break
        case .status(let answer):
            status = (answer, .now)
            camera.intake.hasStatusClock = true
            camera.framesPerSecondAsked = answer.framesPerSecondAsked
            progress.take(answer, of: camera)
        }
    }

    // MARK: Timeouts

    private func check() -> Ending? {
        if !camera.isWanted() {
            if progress.hasPicture { return .released }
            if case .camera? = progress.problem { return progress.problem.map(Ending.failed) }
        }
        let now = Instant.now
        if let nextStill {
            if now >= nextStill { ask() }
            return nil
        }
        reportWaiting()
        askAboutCamera(now)
        // A server that has to wait is not silent.
        if resumption != nil { lastByte = now }
        if transfer.byteCount != byteCount {
            byteCount = transfer.byteCount
            lastByte = now
        }
        guard let connectTime = transfer.connectTime else { return nil }
        let connected = began + connectTime
        if now - max(lastByte, connected) > stallTimeout, !isSilenceExplained(now) {
            return .failed(.silent(stallTimeout))
        }
        return checkPictures(now, since: connected)
    }

    private func askAboutCamera(_ now: Instant) {
        guard let poller else { return }
        if progress.isRepeating {
            if poller.ask(camera.loop, for: .repetition) { progress.isRepeating = false }
        } else {
            let isSilent = now - max(progress.lastWhole, began) > Self.silenceToAsk
            _ = poller.ask(camera.loop, for: isSilent ? .silence : .clock)
        }
    }

    /// Reports the state `waiting` if the camera was idle and is slow to start again.
    private func reportWaiting() {
        if !progress.hasPicture, .now - created > Self.silenceToAsk { camera.reporter.waiting() }
    }

    /// Whether the upstream's status explains the silence: then the connection is not to blame.
    private func isSilenceExplained(_ now: Instant) -> Bool {
        guard let status, now - status.time < stallTimeout else { return false }
        return camera.intake.offlineNumber != nil || camera.intake.hasPicture(status.answer.frameNumber)
    }

    /// Reports that bytes arrive but no pictures, and eventually gives up on the connection.
    private func checkPictures(_ now: Instant, since connected: Instant) -> Ending? {
        guard camera.intake.offlineNumber == nil, !isSilenceExplained(now) else { return nil }
        let lastWhole = max(progress.lastWhole, connected)
        if let refusal = progress.refusal, progress.refusalCount >= Self.refusalsToReport {
            if now > lastWhole + .seconds(1) { progress.show(refusal, of: camera) }
        } else if now > lastWhole + stallTimeout {
            if progress.lastRepeat > lastWhole {
                progress.show(.repeating(stallTimeout), of: camera)
            } else if let missing = receiver.missingParts {
                progress.show(missing, of: camera)
            } else if now < lastByte + stallTimeout / 2 {
                progress.show(.noWholePicture(stallTimeout), of: camera)
            }
        }
        guard now > max(lastWhole, progress.lastRepeat) + stallTimeout * Self.stallsToGiveUp else { return nil }
        return .failed(progress.problem ?? .noWholePicture(stallTimeout))
    }
}
