import Curl
import EventLoop
import Linux
import MotionJPEG
import SharedFrame
import UpstreamAccess

/// One connection to an upstream.
final class Connection {
    /// Why ``run()`` returned.
    enum Ending: Equatable {
        /// The program is stopping.
        case stopped
        /// Nobody is watching anymore, and the upstream was working.
        case released
        case failed(UpstreamProblem)
    }

    /// The number of consecutive unusable pictures after which the problem is reported.
    private static let refusalsToReport = 3
    /// A connection that delivers bytes but no picture is closed after this many stall timeouts.
    ///
    /// This time is long enough for a slow network, but a server that sends a byte now and then cannot keep the
    /// connection open forever.
    private static let stallsToGiveUp = 6
    /// The time without a new picture after which the relay requests the camera's status.
    ///
    /// If the connection has not delivered any picture yet, the relay then also changes the state to `waiting`.
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
    /// When the current request for the stream or for a still picture was sent.
    private var began = Instant.distantPast
    /// When the last byte of the response arrived.
    private var lastByte = Instant.distantPast
    /// When to resume reading from a server that has sent too many pictures, or nil if reading is not paused.
    private var resumption: Instant?
    /// When to request the next still picture, or nil while a response is in progress.
    private var nextStill: Instant?

    /// Whether a picture has arrived over this connection.
    var hasPicture: Bool { progress.hasPicture }

    init(_ camera: PulledCamera) {
        self.camera = camera
        let configuration = camera.configuration
        stallTimeout = configuration.stallTimeout
        poller = StatusPoller(configuration, writer: camera.publisher.writer)
        let progress = progress
        let receiver = StreamReceiver(maximumPictureByteCount: configuration.maximumPictureByteCount) {
            bytes, headers in
            progress.take(camera.intake.take(bytes, headers), of: camera)
        }
        self.receiver = receiver
        // The Accept header must not begin with image/, because Oriel's servers would then treat the request as one
        // from a browser's <img>.
        let request = configuration.request(
            configuration.address.url, accept: "multipart/x-mixed-replace, image/jpeg;q=0.9, */*;q=0.1",
            writer: camera.publisher.writer)
        transfer = Transfer(request) { transfer, bytes in
            defer {
                // A fast server can keep libcurl busy for longer than the interval of the ring's heartbeat.
                camera.beatIfDue()
                if progress.isFlooded { transfer.pause() }
            }
            return receiver.receive(transfer, bytes)
        }
    }

    /// Connects and receives pictures until the connection fails or is no longer needed.
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

    /// If the upstream could be Oriel, requests its status before the stream.
    ///
    /// The relay then knows whether the camera is offline, and does not mistake the outage picture for a frame. Returns
    /// nil if the stream should be requested.
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

    /// Requests the stream or the next still picture.
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

    /// If the server exceeds the maximum picture rate, stops reading for a while, so that TCP flow control slows it
    /// down.
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

    /// Returns the reason to stop requesting still pictures, or nil if the relay should continue.
    ///
    /// An upstream that has delivered a picture is allowed to send a few unusable ones. If its pictures have no end
    /// marker and somebody is watching, the relay continues until it has seen enough pictures to know that the camera
    /// never sends that marker.
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
        // While the relay pauses reading, no bytes arrive. This does not mean that the server is silent.
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

    /// Reports the state `waiting` if the connection has delivered no picture within half a second.
    private func reportWaiting() {
        if !progress.hasPicture, .now - created > Self.silenceToAsk { camera.reporter.waiting() }
    }

    /// Returns whether the upstream's status explains why no data arrives; if so, the connection is not the cause.
    private func isSilenceExplained(_ now: Instant) -> Bool {
        guard let status, now - status.time < stallTimeout else { return false }
        return camera.intake.offlineNumber != nil || camera.intake.hasPicture(status.answer.frameNumber)
    }

    /// Reports a problem if bytes arrive but no pictures; returns it if this goes on, to close the connection.
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
