import ArgumentParser
import CameraCapture
import Capturing
import Daemon
import Names
import ProgramSupport
import SystemPackage
import Video4Linux

@main
struct CaptureDaemon: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture-daemon",
        abstract: "Publishes one camera's pictures in shared memory.",
        discussion: """
            A missing, busy or forbidden camera is waited for; its state appears in the status document, in the \
            picture and in the log. SIGTERM ends the program, SIGHUP reopens the camera.

            To list the cameras and what they offer: capture-daemon devices
            """,
        version: orielVersion,
        subcommands: [ListDevices.self])

    @Option(
        help: .init("The camera's name in addresses (default: main).", valueName: "name"),
        transform: OptionValue.cameraName)
    var camera = CameraName.main

    @Option(
        help: .init(
            "auto (default), a node such as /dev/video0 or a link to one, its index, pattern, or a folder of JPEGs.",
            valueName: "device"),
        transform: { try DeviceChoice($0) })
    var device = DeviceChoice.automatic

    @Option(
        help: .init("Pixels (default: 1280x720); the nearest size that the camera offers is used.", valueName: "WxH"),
        transform: Parse.size)
    var size = PictureSize(width: 1280, height: 720)

    @Option(help: .init("Maximum frames per second (default: 30).", valueName: "rate"), transform: Parse.rate)
    var fps = 30.0

    @Option(
        help: .init(
            "auto (default), mjpeg, yuyv, uyvy, nv12, yu12, rgb24, bgr24, grey, or a four-character code.",
            valueName: "format"),
        transform: Parse.format)
    var format = FormatChoice.automatic

    @Option(
        help: .init("JPEG quality of raw pictures, 1 to 100 (default: 80).", valueName: "percent"),
        transform: { try OptionValue.whole($0, in: 1...100) })
    var quality = 80

    @Option(
        help: .init("Chroma subsampling of raw pictures: 420 (default) or 422.", valueName: "kind"),
        transform: { try OptionValue.word($0) })
    var subsampling = PictureOptions.Subsampling.halfBoth

    @Option(
        name: .customLong("control"),
        help: .init("A control of the camera, such as brightness=128; may be repeated.", valueName: "name=value"),
        transform: { try ControlSetting($0) })
    var controls: [ControlSetting] = []

    @Option(
        help: .init("Degrees clockwise: 0 (default), 90, 180 or 270.", valueName: "degrees"), transform: Parse.rotation)
    var rotate = Orientation.Rotation.none

    @Option(
        help: .init("none (default), horizontal, vertical or both; after the rotation.", valueName: "direction"),
        transform: { try OptionValue.word($0) })
    var flip = Orientation.Flip.none

    @Option(
        help: .init("Pictures to drop after each start of the camera (default: 0).", valueName: "count"),
        transform: { try OptionValue.whole($0, in: 0...1000) })
    var warmup = 0

    @Option(
        help: .init(
            "Seconds without a picture after which the camera is reopened (default: 2).", valueName: "seconds"),
        transform: Parse.timeout)
    var timeout = Duration.seconds(2)

    @Option(
        help: .init("Pictures in shared memory, 2 to 64 (default: 8).", valueName: "count"),
        transform: { try OptionValue.whole($0, in: 2...64) })
    var slots = 8

    @OptionGroup var system: SystemOptions

    @Option(
        help: .init(
            "Where controls that are set at run time are saved (default: $STATE_DIRECTORY, otherwise "
                + "$XDG_STATE_HOME/oriel, otherwise ~/.local/state/oriel).", valueName: "folder"))
    var stateDirectory: String?

    func run() throws {
        let options = CaptureOptions(
            camera: camera, prefix: try system.prefix(), device: device, size: size, format: format.pixelFormat,
            controls: controls,
            pictures: PictureOptions(
                framesPerSecond: fps, quality: quality, subsampling: subsampling,
                orientation: Orientation(rotation: rotate, flip: flip), warmUpFrameCount: warmup, timeout: timeout),
            slotCount: slots, runtimeDirectory: system.runtimeFolder,
            stateDirectory: stateDirectory.flatMap { $0.isEmpty ? nil : FilePath($0) } ?? StandardFolder.state)
        try CaptureLoop.run(options, makeSource: Self.source)
    }

    /// Creates the source that `--device` names.
    private static func source(_ options: CaptureOptions, _ store: ControlStore) -> any FrameSource {
        let rate = options.pictures.framesPerSecond
        return switch options.device {
        case .pattern:
            PatternSource(
                camera: options.camera, width: options.size.width, height: options.size.height, framesPerSecond: rate)
        case .folder(let path): FolderSource(path, framesPerSecond: rate)
        case .automatic, .node: CameraSource(options, store)
        }
    }

    static func main() {
        runProgram(CaptureDaemon.self)
    }
}

/// `capture-daemon devices`.
struct ListDevices: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "Lists the cameras of this machine with their formats, sizes, rates and controls.")

    @Flag(help: "One line of JSON instead of text.")
    var json = false

    func run() throws {
        let devices = Device.all()
        print(json ? DeviceList.json(devices) : DeviceList.text(devices), terminator: "")
    }
}
