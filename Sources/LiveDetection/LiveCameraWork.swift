import Cameras
import Configuration
import Detection
import Events
import Linux
import Logging
import Pacing
import SharedFrame
import Synchronization
import Tracking
import TurboJPEG

/// What the thread of a camera does: it passes on every frame, and lets the detector look at some of them.
///
/// A frame waits for its look only until the look ends or the next frame arrives, whichever is first. If the next frame
/// is first, the waiting frame is published with predicted boxes, and the look's result corrects the objects later.
final class LiveCameraWork {
    /// How long a frame waits for its look if no other frame arrives.
    private static let maximumWait = Duration.milliseconds(500)
    /// How long the loop sleeps at most, so that heartbeats are on time.
    private static let pollInterval = Duration.milliseconds(200)
    /// How often the camera's state is copied to the detector's rings.
    private static let stateInterval = Duration.milliseconds(500)
    /// The pause after an attempt to create or write the rings has failed.
    private static let retryInterval = Duration.seconds(1)
    /// How often a watched camera makes the detector check whether its files have changed.
    private static let checkInterval = Duration.seconds(3)
    /// How early a frame may be searched for motion, as a share of the time between two searches.
    ///
    /// This allows for the jitter of cameras.
    private static let earliness = 0.25

    let camera: LiveCamera
    var settings: CameraDetection
    /// Where events are written; nil if they are not written.
    var journal: EventJournal?
    private var rings: LiveRings?
    var scene: LiveScene?
    /// A number that changes whenever ``scene`` is replaced.
    var sceneNumber: UInt64 = 0
    var decoder: JPEGDecoder?
    /// The number of the newest frame according to the ring's header when it was last read; 0 before that.
    private var seen: UInt64 = 0
    /// The number of the newest frame that was accepted.
    private var accepted: UInt64 = 0
    /// Whether the next frame is the first one since somebody began to watch.
    private var isFirst = true
    /// A frame that waits for the result of its look, the frame's time, and when the wait began.
    private var held: (frame: Frame, time: Instant, since: Instant)?
    /// The latest capture time so far; a later frame with an earlier capture time gets this time instead.
    private(set) var time = Instant.distantPast
    /// When the next frame is to be searched for motion.
    var gateDue = Instant.distantPast
    private var stateAt = Instant.distantPast
    private var checkedAt = Instant.distantPast
    private(set) var isActive = false
    /// Whether frames are published, because somebody watches the results.
    private var isPublishing = false
    var motionRules = MotionRules()
    /// The number of the newest frame that was searched for motion, and what converts its times; nil before that.
    var lastFrame: (number: UInt64, timeline: EventRecord.Timeline)?
    /// Since when the camera has been offline; nil if it is not.
    var offlineSince: Instant?
    private var problems = LogLimit<String>(.eachMessage)

    init(_ camera: LiveCamera) {
        self.camera = camera
        (settings, journal) = camera.newestSettings
    }

    func run() {
        while !camera.isStopped {
            applySettings()
            do throws(RingError) {
                let rings = try openRings()
                let isWatched = rings.isWatched
                if settings.mode == .always || isWatched {
                    begin()
                    notePublishing(rings, isWatched)
                    try step(rings)
                } else {
                    rest(rings)
                    // An error may have been reported while nobody watched.
                    rings.setState(.idle, reason: "")
                    rings.waitForViewers(timeout: FramePublisher.heartbeatInterval)
                }
                try rings.heartbeat()
            } catch {
                fail(error)
            }
        }
        endObjects()
        rest(nil)
        rings?.stop(reason: camera.stopReason)
    }

    private func openRings() throws(RingError) -> LiveRings {
        if let rings { return rings }
        let new = try LiveRings(prefix: camera.ring.prefix, camera: camera.name)
        rings = new
        // A detector that was killed may have published the newest frame already.
        accepted = new.newestNumber
        return new
    }

    /// Reports that a ring cannot be written, and waits before the next attempt.
    private func fail(_ error: RingError) {
        camera.report.withLock { $0.reason = error.description }
        log(.error, error.description)
        // Rings that are open stay open, because a later frame may be small enough to fit.
        rings?.setState(.error, reason: error.description)
        let end = Instant.now + Self.retryInterval
        while !camera.isStopped, Instant.now < end {
            try? rings?.heartbeat()
            Poll.wait([], milliseconds: 100)
        }
    }

    func log(_ level: Logger.Level, _ sentence: String) {
        guard problems.verdict(on: sentence, at: .now) != .drop else { return }
        camera.log.log(level: level, "camera \(camera.name): \(sentence)")
    }

    // MARK: Demand

    private func begin() {
        guard !isActive else { return }
        isActive = true
        camera.subscriber.takeInterest()
        camera.board.setRate(settings.rate, of: camera.name)
        camera.report.withLock { $0.isActive = true }
    }

    /// Stops reading frames, because nobody watches the results.
    private func rest(_ rings: LiveRings?) {
        guard isActive else { return }
        isActive = false
        isPublishing = false
        camera.subscriber.dropInterest()
        camera.board.setRate(0, of: camera.name)
        _ = camera.takeFinishedLook()
        discardScene()
        held = nil
        isFirst = true
        camera.report.withLock {
            $0.isActive = false
            $0.objects = 0
        }
        rings?.setState(.idle, reason: "")
    }

    // MARK: Frames

    private func step(_ rings: LiveRings) throws(RingError) {
        if !isPublishing, waitUntilGateIsDue(rings) { return }
        let outcome = camera.subscriber.wait(newerThan: seen, timeout: Self.pollInterval)
        let now = Instant.now
        try apply(camera.takeFinishedLook(), rings)
        if case .frame(let number) = outcome {
            seen = number
            // The first frame may be an old one, which the camera published before somebody watched.
            let isOld = isFirst && !isFresh(now)
            isFirst = false
            // A frame may be in its slot before its number is in the ring's header, so it may have been read already.
            guard !isOld, let frame = camera.subscriber.copyNewestFrame(), frame.description.number != accepted else {
                return
            }
            accepted = frame.description.number
            try release(rings)
            try accept(frame, rings, now: now)
        } else if let held, now - held.since > Self.maximumWait {
            try release(rings)
        }
        if now - stateAt >= Self.stateInterval || outcome == .changed { copyState(to: rings, now: now) }
    }

    /// Publishes frames only while somebody watches the results, in mode `always` too.
    private func notePublishing(_ rings: LiveRings, _ isWatched: Bool) {
        guard isWatched != isPublishing else { return }
        isPublishing.toggle()
        stateAt = .distantPast
        if !isPublishing { rings.setState(.idle, reason: "") }
    }

    /// Waits until a frame is to be searched for motion, because nobody watches the other frames.
    ///
    /// Returns whether it has waited. It waits for a short time only, so call it again.
    private func waitUntilGateIsDue(_ rings: LiveRings) -> Bool {
        guard held == nil, !camera.board.isRunning(camera.name) else { return false }
        let pause = gateDue - Duration(inSeconds: Self.earliness / settings.rate) - .now
        guard pause > .milliseconds(1) else { return false }
        rings.waitForViewers(timeout: min(pause, Self.pollInterval))
        return true
    }

    private func isFresh(_ now: Instant) -> Bool {
        camera.subscriber.status.map { Outage.hasFreshFrame($0, now: now) } ?? false
    }

    /// Publishes the waiting frame with predicted boxes.
    private func release(_ rings: LiveRings) throws(RingError) {
        guard let held = held.take() else { return }
        try publish(held.frame, at: held.time, look: nil, rings)
    }

    /// Updates the objects with a finished look, and publishes the look's frame if this frame is still waiting.
    private func apply(_ finished: FinishedLook?, _ rings: LiveRings) throws(RingError) {
        guard let finished else { return }
        let frame = finished.look.frame
        let isHeld = held?.frame.description.number == frame.description.number
        let time = isHeld ? held?.time ?? time : min(time, Instant(nanoseconds: frame.description.capture.monotonic))
        if isHeld { held = nil }
        var look: FinishedLook?
        switch finished.sightings {
        case .success(let sightings):
            look = finished
            let isCurrent = finished.look.scene == sceneNumber && finished.look.size == scene?.size
            camera.report.withLock { $0.looks += 1 }
            guard isCurrent else { break }
            let milliseconds = Int64(clamping: frame.description.capture.realtime / 1_000_000)
            let events = scene?.finish(finished.look.plan, sightings, at: time, milliseconds: milliseconds)
            report(events ?? [], frame: frame)
        case .failure(let error):
            camera.report.withLock { $0.failures += 1 }
            log(.warning, "cannot detect objects: \(error)")
        }
        if isHeld { try publish(frame, at: time, look: look, rings) }
    }

    /// Publishes a new frame, at once or after a look.
    private func accept(_ frame: Frame, _ rings: LiveRings, now: Instant) throws(RingError) {
        time = max(time, Instant(nanoseconds: frame.description.capture.monotonic))
        guard let size = size(of: frame) else {
            return try publish(frame, at: time, look: nil, rings)
        }
        let model = prepareScene(size)
        if isGateDue, !camera.board.isRunning(camera.name), let grey = greyPicture(of: frame) {
            let interval = Duration(inSeconds: 1 / settings.rate)
            // After a small delay, keep the schedule, so that the rate is right on average. After a pause, start a new
            // schedule.
            gateDue = gateDue + interval * 2 < time ? time + interval : gateDue + interval
            camera.report.withLock { $0.gated += 1 }
            let plan = scene?.see(grey, at: time)
            reportMotion(in: frame.description, at: time)
            if let plan, let model {
                let look = Look(frame: frame, size: size, plan: plan, model: model, scene: sceneNumber)
                let beginsNow = camera.board.submit(look, of: camera.name, isBusy: scene?.isBusy ?? false) {
                    [camera] in camera.finish($0)
                }
                if beginsNow {
                    held = (frame, time, now)
                    return
                }
            } else {
                camera.board.rest(camera.name)
            }
        }
        try publish(frame, at: time, look: nil, rings)
    }

    private var isGateDue: Bool {
        time + Duration(inSeconds: Self.earliness / settings.rate) >= gateDue
    }

    private func publish(_ frame: Frame, at time: Instant, look: FinishedLook?, _ rings: LiveRings) throws(RingError) {
        guard isPublishing else {
            camera.report.withLock {
                $0.frames += 1
                $0.objects = scene?.objectCount ?? 0
            }
            return
        }
        let number = rings.number(for: frame.description)
        let result =
            scene?.result(of: frame.description, number: number, at: time, look: look)
            ?? .init(
                number: number, realtime: frame.description.capture.realtime,
                size: PictureSize(width: frame.description.width, height: frame.description.height), look: .still,
                objects: [], motion: [])
        if let error = try rings.publish(frame, result) {
            log(.error, "cannot publish pictures with drawn results: \(error)")
        }
        let delay = Instant(nanoseconds: frame.description.published).age(at: .now)
        camera.report.withLock {
            $0.frames += 1
            $0.objects = result.objects.count
            $0.addDelay(delay)
        }
    }

    // MARK: State

    /// Copies the camera's state to the detector's rings.
    private func copyState(to rings: LiveRings, now: Instant) {
        stateAt = now
        let status = camera.subscriber.status
        let report = camera.board.report(on: camera.name)
        camera.report.withLock {
            $0.rate = report.map { ($0.asked, $0.achieved, $0.skipped) } ?? (0, 0, 0)
        }
        if let status { rings.setSource(of: status) }
        if now - checkedAt >= Self.checkInterval {
            checkedAt = now
            camera.configuration.model.requestCheck()
        }
        let outage = Outage.current(
            status, refusal: camera.subscriber.refusal, kind: camera.ring.kind, now: now)
        noteOutage(outage != nil, now: now)
        // An error may have been reported while nobody watched.
        guard isPublishing else { return rings.setState(.idle, reason: "") }
        if let outage {
            rings.setState(status?.state.withLiveWriter ?? .waiting, reason: outage.message)
        } else {
            rings.setState(.live, reason: camera.report.withLock { $0.reason })
        }
    }
}
