import Configuration
import Detection
import DetectionTestSupport
import Linux
import LiveDetection
import SharedFrame
import SystemPackage
import TestSupport
import Testing

@Suite("The settings of live detection", .timeLimit(.minutes(4)))
struct LiveSettingsTests {
    private let folder = TemporaryFolder()

    private func write(_ lines: String...) throws {
        let text = (["[camera main]", "device = pattern"] + lines).joined(separator: "\n")
        // Replace the whole file, so that the detector never reads half of it.
        try File.replace(folder.path.appending("oriel.conf"), with: Array((text + "\n").utf8), permissions: 0o600)
    }

    /// A detector whose mode comes from the configuration.
    private func detector() throws -> TestLiveDetector {
        let detector = try TestLiveDetector(nil, configuration: folder.path)
        if Installed.runtime != nil { detector.model.set(.ready(try Installed.detector().loadedModel)) }
        return detector
    }

    @Test("a change of a camera's mode in the file takes effect in the running detector")
    func mode() throws {
        try write("detect = off")
        let detector = try detector()
        #expect(detector.report == nil)
        try write("detect = always")
        #expect(eventually { detector.camera.isWatched })
        #expect(eventually { detector.report?.settings.mode == .always })
        try write("detect = watched")
        #expect(eventually { !detector.camera.isWatched })
        try write("detect = off")
        #expect(eventually { detector.report == nil })
    }

    @Test("after a mistake, the previous settings remain in use, and the status says what is wrong")
    func mistake() throws {
        try write("detect = always")
        let detector = try detector()
        #expect(eventually { detector.camera.isWatched })
        try write("detect = never")
        let problem = "\(folder.path)/oriel.conf:3: 'detect' is 'never'; give off, watched or always"
        #expect(eventually { detector.settings["problem"]?.string == problem })
        #expect(detector.camera.isWatched)
        try write("detect = always", "detect-fps = 7")
        #expect(eventually { detector.settings["problem"]?.string == "" })
    }

    @Test("as long as the files have never been right, nothing is detected")
    func wrongFromTheStart() throws {
        try write("detect = never")
        let detector = try detector()
        #expect(detector.settings["problem"]?.string?.isEmpty == false)
        #expect(detector.report == nil)
        try write("detect = always")
        #expect(eventually { detector.camera.isWatched })
    }

    @Test(
        "zones, classes and ignored areas in the file decide what is reported, also after a change",
        .enabled(if: Installed.runtime != nil, "ONNX Runtime is not installed: run scripts/get-detector"))
    func scene() throws {
        // The stub model's dog stands at (120, 160) in a picture of 320x240 pixels.
        let around = "0.3,0.6 0.45,0.6 0.45,0.75 0.3,0.75"
        try write(
            "detect = watched", "zone.porch = \(around)", "zone.porch.classes = dog", "zone.porch.seconds = 0",
            "zone.cats = \(around)", "zone.cats.classes = cat", "zone.cats.seconds = 0",
            "zone.sky = 0,0 1,0 1,0.5 0,0.5", "zone.sky.seconds = 0")
        let detector = try detector()
        let viewer = try detector.viewer(.detect)
        func zones(_ object: JSON) -> [String] { object["zones"]?.array?.compactMap(\.string) ?? [] }
        let frame = try detector.frame(from: viewer, shades: [250, 240]) {
            $0.results?["objects"]?.array?.contains { !zones($0).isEmpty } == true
        }
        #expect(frame.results?["objects"]?.array?.map(zones) == [["porch"]])
        try write("ignore.dogs = \(around)", "ignore.dogs.classes = dog")
        _ = try detector.frame(from: viewer, shades: [250, 240]) { $0.labels.isEmpty }
        try write("ignore.cats = \(around)", "ignore.cats.classes = cat")
        _ = try detector.frame(from: viewer, shades: [250, 240]) { $0.labels == ["dog"] }
        try write("detect-classes = cat, person")
        _ = try detector.frame(from: viewer, shades: [250, 240]) { $0.labels.isEmpty }
        try write("class.dog.min-area = 0.9")
        #expect(eventually { detector.report?.settings.scene.limits["dog"]?.minimumArea == 0.9 })
        let number = try detector.show(TestLiveDetector.picture(250))
        let later = try detector.frame(from: viewer, shades: [250, 240]) {
            $0.description.number > number && $0.description.flags.contains(.exact)
        }
        #expect(later.labels.isEmpty)
    }

    @Test("motion in a mask does not count")
    func mask() throws {
        try write("mask.square = 0,0 1,0 1,1 0,1")
        let detector = try TestLiveDetector(.watched, configuration: folder.path)
        detector.model.set(.unavailable(DetectionError(.modelMissing, "there is no model")))
        let viewer = try detector.viewer(.detect)
        let still = try TestLiveDetector.picture(90)
        let moving = try TestLiveDetector.picture(90, square: 220)
        let pictures = [[UInt8]](repeating: still, count: 25) + [[UInt8]](repeating: moving, count: 25)
        var count = 0
        _ = try detector.frame(from: viewer, pictures: pictures) { frame in
            count += 1
            #expect(frame.results?["motion"]?.array?.isEmpty == true)
            return count > 150
        }
        try write()
        _ = try detector.frame(from: viewer, pictures: pictures) {
            $0.results?["motion"]?.array?.isEmpty == false
        }
    }
}
