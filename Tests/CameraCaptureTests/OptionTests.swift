import Linux
import SystemPackage
import Testing

@testable import CameraCapture

@Suite("Options of capture-daemon")
struct OptionTests {
    @Test(
        "a word, an index or a path selects the source",
        arguments: [
            ("auto", DeviceChoice.automatic), ("pattern", .pattern), ("0", .node("/dev/video0")),
            ("12", .node("/dev/video12")), ("/dev/null", .node("/dev/null")), ("/tmp", .folder("/tmp")),
            ("/dev/v4l/by-id/usb-x-video-index0", .node("/dev/v4l/by-id/usb-x-video-index0")),
            ("/nonexistent/later/", .folder("/nonexistent/later/")),
        ])
    func devices(text: String, choice: DeviceChoice) throws {
        #expect(try DeviceChoice(text) == choice)
    }

    @Test(
        "an invalid source is refused, and the error says what is valid",
        arguments: [
            ("", "it is empty: give auto, pattern, an index, or a path"),
            ("webcam", "there is no such device or folder: give auto, pattern, an index, or a path"),
            ("/etc/passwd", "it is a file: give the folder that contains it, or a device"),
            ("99999999999", "the index is too high: give 0 to 65535"),
        ])
    func wrongDevices(text: String, sentence: String) {
        let error = #expect(throws: OptionError.self) { try DeviceChoice(text) }
        #expect(error?.description == sentence)
    }

    @Test("a control is a name and a value, which may contain equals signs")
    func controls() throws {
        let setting = try ControlSetting("power_line_frequency=50 Hz=x")
        #expect(setting.name == "power_line_frequency")
        #expect(setting.value == "50 Hz=x")
    }

    @Test(
        "a control without a name or without a value is refused", arguments: ["brightness", "brightness=", "=3", "="])
    func wrongControls(text: String) {
        #expect(throws: OptionError.self) { try ControlSetting(text) }
    }

    @Test("the slots of a new ring are large enough for any picture that is encoded, or for usual JPEGs of a camera")
    func slots() {
        var options = CaptureOptions(device: .pattern)
        #expect(options.slotByteCount >= 1280 * 720 * 3 / 2)
        options.device = .automatic
        #expect(options.slotByteCount == 460_800)
    }
}
