import Configuration
import Detection
import DetectionTestSupport
import Events
import Journal
import Linux
import LiveDetection
import Logging
import MotionJPEG
import Names
import SharedFrame
import SystemPackage
import TestSupport

/// A live detector that reads a ring into which the test publishes a camera's frames.
final class TestLiveDetector {
    static let size = (width: 320, height: 240)

    let ring = TemporaryRing()
    let camera: FramePublisher
    let model = CurrentModel()
    private let detector: LiveDetector

    /// Starts a detector; `mode` nil means that the configuration in the folder `configuration` decides.
    init(
        _ mode: DetectionMode? = .watched, rate: Double = 30, journal: JournalFolder? = nil,
        configuration: FilePath? = nil
    ) throws {
        camera = try FramePublisher(ring.name, slotByteCount: 100_000, source: .test)
        // Make a frame count as fresh for a minute, so that the test does not depend on the machine's speed.
        camera.setRates(asked: 0.05, measured: 0.05)
        camera.setState(.live, reason: "")
        let log = Logger(label: "test")
        detector = LiveDetector(
            LiveDetectionConfiguration(
                prefix: ring.prefix, kinds: [.capture], cameras: [],
                settings: LiveSettings(folder: configuration, overrides: .init(mode: mode, rate: rate), log: log),
                journal: journal, model: model),
            log: log)
        try detector.start()
    }

    deinit { detector.stop(timeout: .seconds(10)) }

    func stop() { detector.stop(timeout: .seconds(10)) }

    var report: LiveReport? { detector.reports.first }

    /// What the status document says about the settings.
    var settings: JSON { JSON(detector.settingsText) ?? .null }

    /// What the status document says about the event journal.
    var journal: JSON { JSON(detector.journalText) ?? .null }

    /// Returns a reader of one of the detector's rings, which tells the detector that it wants pictures.
    func viewer(_ kind: RingName.Kind) throws -> FrameSubscriber {
        let viewer = try FrameSubscriber(ring.ring("main", kind: kind))
        viewer.takeInterest()
        return viewer
    }

    /// Publishes a picture and returns its number.
    @discardableResult
    func show(_ jpeg: [UInt8]) throws -> UInt64 {
        try jpeg.withRawSpan {
            try camera.publish($0, capture: .now(), width: Self.size.width, height: Self.size.height)
        }
    }

    /// Publishes pictures with the brightnesses `shades` again and again.
    ///
    /// Returns the first frame in the detector's ring for which `isWanted` is true. Throws an error after a minute.
    func frame(
        from viewer: FrameSubscriber, shades: [UInt8], where isWanted: (Frame) -> Bool
    ) throws -> Frame {
        try frame(from: viewer, pictures: shades.map { try Self.picture($0) }, where: isWanted)
    }

    /// Publishes `pictures` again and again.
    ///
    /// Returns the first frame in the detector's ring for which `isWanted` is true. Throws an error after a minute.
    func frame(
        from viewer: FrameSubscriber, pictures: [[UInt8]], where isWanted: (Frame) -> Bool
    ) throws -> Frame {
        let deadline = Instant.now + .seconds(60)
        var count = 0
        var seen: UInt64 = 0
        while Instant.now < deadline {
            try show(pictures[count % pictures.count])
            count += 1
            guard case .frame(let number) = viewer.wait(newerThan: seen, timeout: .milliseconds(40)) else { continue }
            seen = number
            if let frame = viewer.copyNewestFrame(), isWanted(frame) { return frame }
        }
        throw Missing()
    }

    /// Publishes pictures with the brightnesses `shades` again and again until a condition is met.
    ///
    /// Throws an error after a minute.
    func show(_ shades: [UInt8], until condition: () -> Bool) throws {
        let deadline = Instant.now + .seconds(60)
        let pictures = try shades.map { try Self.picture($0) }
        var count = 0
        while !condition() {
            guard Instant.now < deadline else { throw Missing() }
            try show(pictures[count % pictures.count])
            count += 1
            Poll.wait([], milliseconds: 40)
        }
    }

    struct Missing: Error, CustomStringConvertible {
        var description: String { "the detector did not publish the frame that the test wants within a minute" }
    }

    /// Returns a picture of the brightness `shade`, with a square of the brightness `square` if that is not nil.
    static func picture(_ shade: UInt8, square: UInt8? = nil) throws -> [UInt8] {
        var pixels = [UInt8](repeating: shade, count: size.width * size.height * 3)
        if let square {
            for line in 64..<128 {
                let start = (line * size.width + 64) * 3
                for index in start..<(start + 64 * 3) { pixels[index] = square }
            }
        }
        return try jpeg(of: pixels, width: size.width, height: size.height)
    }
}

extension Frame {
    /// The detection results in the frame.
    var results: JSON? {
        let text = bytes.withRawSpan { FrameResult.text(in: $0) }
        return text.flatMap { JSON($0) }
    }

    /// The labels of the detected objects.
    var labels: [String] { results?["objects"]?.array?.compactMap { $0["label"]?.string } ?? [] }

    /// The frame's bytes without the detection results.
    var withoutResults: [UInt8] {
        var bytes = bytes
        if let found = bytes.withRawSpan({ JPEGComment.find(FrameResult.tag, in: $0)?.segment }) {
            bytes.removeSubrange(found)
        }
        return bytes
    }
}
