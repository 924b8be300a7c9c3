import Configuration
import Detection
import DetectionTestSupport
import Linux
import LiveDetection
import MotionJPEG
import SharedFrame
import TestSupport
import Testing
import TurboJPEG

@Suite("Live detection", .timeLimit(.minutes(4)))
struct LiveDetectionTests {
    @Test("without a model, every frame is passed on with its number and times, and with results that find only motion")
    func withoutModel() throws {
        let detector = try TestLiveDetector()
        detector.model.set(.unavailable(DetectionError(.modelMissing, "there is no model")))
        let viewer = try detector.viewer(.detect)
        // A square is missing from 25 pictures, then visible in 25 pictures, and so on.
        let still = try TestLiveDetector.picture(90)
        let moving = try TestLiveDetector.picture(90, square: 220)
        let pictures = [[UInt8]](repeating: still, count: 25) + [[UInt8]](repeating: moving, count: 25)
        let frame = try detector.frame(from: viewer, pictures: pictures) {
            $0.results?["motion"]?.array?.isEmpty == false
        }
        let source = try #require(detector.camera.frame(number: frame.description.number))
        #expect(frame.withoutResults == source.bytes)
        #expect(frame.description.capture == source.description.capture)
        #expect(frame.results?["seq"]?.number == Double(frame.description.number))
        #expect(frame.labels.isEmpty)
        #expect(frame.description.flags.contains(.results))
        #expect(!frame.description.flags.contains(.exact))
        #expect(detector.report?.reason.contains("there is no model") == true)
        #expect(viewer.status?.reason.contains("there is no model") == true)
    }

    @Test("while nobody watches the results, the camera's frames are not read")
    func nobodyWatches() throws {
        let detector = try TestLiveDetector()
        let name = detector.ring.ring("main", kind: .detect)
        let idle = try FrameSubscriber(name)
        #expect(eventually { idle.status?.state == .idle })
        for shade in [90, 200, 90, 200] as [UInt8] { try detector.show(TestLiveDetector.picture(shade)) }
        #expect(!detector.camera.isWatched)
        #expect(detector.report?.frames == 0)
        let viewer = try detector.viewer(.detect)
        _ = try detector.frame(from: viewer, shades: [90]) { _ in true }
        #expect(detector.camera.isWatched)
        viewer.dropInterest()
        #expect(eventually { !detector.camera.isWatched })
        #expect(eventually { idle.status?.state == .idle })
    }

    @Test("in mode 'always', frames are searched for motion although nobody watches, and published once somebody does")
    func always() throws {
        let detector = try TestLiveDetector(.always)
        #expect(eventually { detector.camera.isWatched })
        let name = detector.ring.ring("main", kind: .detect)
        let idle = try FrameSubscriber(name)
        try detector.show([90, 200]) { detector.report.map { $0.gated > 5 } == true }
        #expect(idle.status?.published == 0)
        #expect(idle.status?.state == .idle)
        let viewer = try detector.viewer(.detect)
        _ = try detector.frame(from: viewer, shades: [90]) { _ in true }
        #expect(eventually { idle.status?.state == .live })
        viewer.dropInterest()
        let gated = detector.report?.gated ?? 0
        try detector.show([90, 200]) {
            detector.report.map { $0.gated > gated + 5 } == true && idle.status?.state == .idle
        }
    }

    @Test("a detector that stops removes its rings, and their readers learn why there are no more frames")
    func stop() throws {
        let detector = try TestLiveDetector()
        let viewer = try detector.viewer(.detect)
        _ = try detector.frame(from: viewer, shades: [90]) { _ in true }
        detector.stop()
        #expect(viewer.status?.state == .stopped)
        #expect(viewer.status?.reason == "the detector has been stopped")
        #expect(RingName.existing(prefix: detector.ring.prefix, kind: .detect).isEmpty)
        #expect(RingName.existing(prefix: detector.ring.prefix, kind: .drawn).isEmpty)
    }

    @Test("a frame that was passed on once is not passed on again to a viewer who returns, and keeps its number")
    func returningViewer() throws {
        let detector = try TestLiveDetector()
        let viewer = try detector.viewer(.detect)
        let idle = try FrameSubscriber(detector.ring.ring("main", kind: .detect))
        var frame = try detector.frame(from: viewer, shades: [90]) { _ in true }
        for _ in 0..<3 {
            let before = viewer.status?.published ?? 0
            viewer.dropInterest()
            #expect(eventually { idle.status?.state == .idle })
            viewer.takeInterest()
            #expect(eventually { idle.status?.state == .live })
            #expect((viewer.status?.published ?? 0) - before <= 1)
            let number = try detector.show(TestLiveDetector.picture(90))
            #expect(eventually { viewer.copyNewestFrame()?.description.number == number })
            frame = try #require(viewer.copyNewestFrame())
            #expect(frame.results?["seq"]?.number == Double(number))
        }
    }

    @Test("a huge picture is passed on without being decoded", arguments: [RingName.Kind.detect, .drawn])
    func hugePicture(_ kind: RingName.Kind) throws {
        let detector = try TestLiveDetector()
        let viewer = try detector.viewer(kind)
        _ = try detector.frame(from: viewer, shades: [90]) { _ in true }
        let huge = SampleJPEG.bytes(width: 65_500, height: 65_500)
        let number = try detector.show(huge)
        #expect(eventually { (viewer.copyNewestFrame()?.description.number ?? 0) >= number })
        let frame = try #require(viewer.copyNewestFrame())
        #expect(frame.withoutResults == huge)
    }

    @Test("an outage of the camera is an outage of its results, with the same reason")
    func outage() throws {
        let detector = try TestLiveDetector()
        let viewer = try detector.viewer(.detect)
        _ = try detector.frame(from: viewer, shades: [90]) { _ in true }
        detector.camera.setState(.noSignal, reason: "the cable is out")
        #expect(eventually { viewer.status?.state == .noSignal && viewer.status?.reason == "the cable is out" })
        detector.camera.setState(.live, reason: "")
        _ = try detector.frame(from: viewer, shades: [90]) { _ in true }
        #expect(eventually { viewer.status?.state == .live })
    }

    @Test("a picture that cannot be decoded is passed on with empty results added, and is otherwise unchanged")
    func damagedPicture() throws {
        let detector = try TestLiveDetector()
        let viewer = try detector.viewer(.detect)
        _ = try detector.frame(from: viewer, shades: [90]) { _ in true }
        let damaged = SampleJPEG.bytes(hasTables: false)
        let number = try detector.show(damaged)
        #expect(eventually { (viewer.copyNewestFrame()?.description.number ?? 0) >= number })
        let frame = try #require(viewer.copyNewestFrame())
        #expect(frame.withoutResults == damaged)
    }
}

@Suite(
    "Live detection with a model", .timeLimit(.minutes(4)),
    .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
struct LiveModelTests {
    @Test("an object is reported in the frame that the detector looked at, with its box in pixels of that frame")
    func exactFrame() throws {
        let detector = try TestLiveDetector()
        detector.model.set(.ready(try Installed.detector().loadedModel))
        let viewer = try detector.viewer(.detect)
        let frame = try detector.frame(from: viewer, shades: [250, 240]) {
            $0.description.flags.contains(.exact) && $0.labels == ["dog"]
        }
        let object = try #require(frame.results?["objects"]?.array?.first)
        // The stub model finds its dog in columns 4 to 20 and lines 8 to 16 of its input, which is 32x32 pixels. To fit
        // into this input, a picture of 320x240 pixels is scaled to a tenth of its width and height.
        #expect(object["box"]?.array?.compactMap(\.number) == [40, 80, 200, 160])
        #expect(frame.results?["look"]?.string == "exact")
        #expect(object["id"]?.string?.contains("-") == true)
        #expect(detector.report.map { $0.looks > 0 && $0.events > 0 } == true)
        // An object is also reported in frames at which the detector has not looked.
        let predicted = try detector.frame(from: viewer, shades: [250, 240]) {
            !$0.description.flags.contains(.exact) && $0.labels == ["dog"]
        }
        #expect(predicted.results?["look"]?.string != "exact")
    }

    @Test("boxes are drawn only while somebody watches the pictures with drawn boxes")
    func drawn() throws {
        let detector = try TestLiveDetector()
        detector.model.set(.ready(try Installed.detector().loadedModel))
        let data = try detector.viewer(.detect)
        let idle = try FrameSubscriber(detector.ring.ring("main", kind: .drawn))
        _ = try detector.frame(from: data, shades: [250, 240]) { $0.labels == ["dog"] }
        #expect(idle.status?.published == 0)
        let viewer = try detector.viewer(.drawn)
        let frame = try detector.frame(from: viewer, shades: [250]) { $0.description.flags.contains(.drawn) }
        #expect(frame.results == nil)
        let picture = try frame.bytes.withRawSpan { try JPEGDecoder().decode($0) }
        #expect((picture.width, picture.height) == TestLiveDetector.size)
        // The upper edge of the box is coloured, and the picture around it is white.
        let edge = try detector.frame(from: viewer, shades: [250]) { frame in
            let picture = try? frame.bytes.withRawSpan { try JPEGDecoder().decode($0) }
            guard let picture else { return false }
            let start = (81 * picture.width + 120) * 3
            return picture.pixels[start] < 200 || picture.pixels[start + 1] < 200
        }
        #expect(edge.description.number > frame.description.number - 1)
    }

    @Test("a model that is loaded later is used without a restart")
    func laterModel() throws {
        let detector = try TestLiveDetector()
        let viewer = try detector.viewer(.detect)
        let before = try detector.frame(from: viewer, shades: [250, 240]) { _ in true }
        #expect(before.labels.isEmpty)
        detector.model.set(.ready(try Installed.detector().loadedModel))
        _ = try detector.frame(from: viewer, shades: [250, 240]) { $0.labels == ["dog"] }
    }
}

extension FramePublisher {
    /// Returns the frame with this number from the writer's own ring.
    fileprivate func frame(number: UInt64) -> Frame? {
        (try? FrameSubscriber(name)).flatMap { $0.copyFrame(number: number) }
    }
}
