import Events
import Linux
import Names
import SharedFrame
import Synchronization
import Tracking

// Writing what happens to the journal.
extension LiveCameraWork {
    /// How long a camera must deliver no frames before its objects are ended.
    private static let outageLimit = Duration.seconds(10)
    /// The difference between the clocks up to which they count as unchanged.
    private static let clockTolerance = Duration.milliseconds(5)

    /// Reports events, and stores the frame as the best picture of the objects that it shows best.
    func report(_ events: [ObjectEvent], frame: Frame) {
        camera.report.withLock { $0.events += UInt64(events.count) }
        guard let journal = journal, let scene else { return }
        let timeline = timeline(of: frame.description)
        lastFrame = (frame.description.number, timeline)
        for id in scene.improved { journal.addPicture(frame.bytes, id: id) }
        for event in events { add(event, frame.description.number, timeline, scene, to: journal) }
    }

    /// Reports whether motion has begun or ended in a frame.
    func reportMotion(in frame: FrameDescription, at time: Instant) {
        guard let journal = journal, let scene else { return }
        lastFrame = (frame.number, timeline(of: frame))
        guard let isMoving = motionRules.update(scene.hasMotion, at: time) else { return }
        journal.add(
            EventRecord(
                motion: isMoving, camera: camera.name.text, frame: frame.number, realtime: frame.capture.realtime),
            isImportant: true)
    }

    /// Ends all objects and motion, because the frames that follow cannot show whether they are still there.
    func endObjects() {
        guard let journal = journal, let lastFrame else { return }
        let realtime = lastFrame.timeline.realtime(at: time)
        for event in stopScene(at: time, milliseconds: Int64(clamping: realtime / 1_000_000)) {
            camera.report.withLock { $0.events += 1 }
            if let scene { add(event, lastFrame.number, lastFrame.timeline, scene, to: journal) }
        }
        if motionRules.stop() != nil {
            journal.add(
                EventRecord(motion: false, camera: camera.name.text, frame: lastFrame.number, realtime: realtime),
                isImportant: true)
        }
    }

    /// Ends all objects if the camera has been offline for too long; call this regularly.
    func noteOutage(_ isOffline: Bool, now: Instant) {
        guard isOffline else {
            offlineSince = nil
            return
        }
        let since = offlineSince ?? now
        offlineSince = since
        guard now - since >= Self.outageLimit, scene != nil else { return }
        endObjects()
        discardScene()
    }

    /// Returns what converts times of the camera's clock.
    ///
    /// The two clocks are not read at exactly the same time. The start of an object must be the same in all its events,
    /// so the conversion changes only if the difference of the clocks has really changed.
    private func timeline(of frame: FrameDescription) -> EventRecord.Timeline {
        let new = EventRecord.Timeline(
            instant: Instant(nanoseconds: frame.capture.monotonic), realtime: frame.capture.realtime)
        guard let old = lastFrame?.timeline else { return new }
        let expected = Instant(nanoseconds: old.realtime(at: Instant(nanoseconds: frame.capture.monotonic)))
        let difference = Instant(nanoseconds: frame.capture.realtime) - expected
        return abs(difference.inSeconds) < Self.clockTolerance.inSeconds ? old : new
    }

    /// Ends all objects, which the model of a new scene might not know; returns their events.
    private func stopScene(at time: Instant, milliseconds: Int64) -> [ObjectEvent] {
        scene?.stop(at: time, milliseconds: milliseconds) ?? []
    }

    private func add(
        _ event: ObjectEvent, _ frame: UInt64, _ timeline: EventRecord.Timeline, _ scene: LiveScene,
        to journal: EventJournal
    ) {
        let record = EventRecord(
            event, camera: camera.name.text, frame: frame, timeline: timeline, label: scene.label)
        journal.add(record, isImportant: event.kind != .update)
    }
}
