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
            If the camera is missing, busy or not accessible, the program waits for it. The status document, the \
            picture and the log say what the problem is. SIGTERM stops the program, and SIGHUP reopens the camera.

            To list the cameras with their formats and controls, run: capture-daemon devices
            """,
        version: orielVersion,
        subcommands: [ListDevices.self])

    @Option(
        help: .init("The camera's name in addresses (default: main).", valueName: "name"),
        transform: OptionValue.cameraName)
    var camera = CameraName.main

    @Option(
        help: .init(
            "The source of pictures: auto (default), a device such as /dev/video0 or its index, a folder of JPEGs, or "
                + "pattern, which is a synthetic camera.",
            valueName: "device"),
        transform: { try DeviceChoice($0) })
    var device = DeviceChoice.automatic

    @Option(
        help: .init(
            "The size of pictures in pixels (default: 1280x720). The largest size that the camera offers and that fits "
                + "into this size is used, or the smallest one if none fits.",
            valueName: "WxH"),
        transform: Parse.size)
    var size = PictureSize(width: 1280, height: 720)

    @Option(
        help: .init("The maximum number of frames per second (default: 30).", valueName: "rate"), transform: Parse.rate)
    var fps = 30.0

    @Option(
        help: .init(
            "The pixel format: auto (default), mjpeg, yuyv, uyvy, nv12, yu12, rgb24, bgr24, grey, or a four-character "
                + "code.",
            valueName: "format"),
        transform: Parse.format)
    var format = FormatChoice.automatic

    @Option(
        help: .init(
            "The JPEG quality of pictures that this program encodes, from 1 to 100 (default: 80).", valueName: "percent"
        ),
        transform: { try OptionValue.whole($0, in: 1...100) })
    var quality = 80

    @Option(
        help: .init(
            "The chroma subsampling of pictures that this program encodes: 420 (default) or 422.", valueName: "kind"),
        transform: { try OptionValue.word($0) })
    var subsampling = PictureOptions.Subsampling.halfBoth

    @Option(
        name: .customLong("control"),
        help: .init(
            "A control of the camera, such as brightness=128. This option may be repeated.", valueName: "name=value"),
        transform: { try ControlSetting($0) })
    var controls: [ControlSetting] = []

    @Option(
        help: .init("The clockwise rotation: 0 (default), 90, 180 or 270 degrees.", valueName: "degrees"),
        transform: Parse.rotation)
    var rotate = Orientation.Rotation.none

    @Option(
        help: .init(
            "The direction in which pictures are mirrored, after the rotation: none (default), horizontal, vertical or "
                + "both.",
            valueName: "direction"),
        transform: { try OptionValue.word($0) })
    var flip = Orientation.Flip.none

    @Option(
        help: .init("The number of pictures to drop each time the camera is opened (default: 0).", valueName: "count"),
        transform: { try OptionValue.whole($0, in: 0...1000) })
    var warmup = 0

    @Option(
        help: .init(
            "The time in seconds without a picture after which the camera is reopened (default: 2).",
            valueName: "seconds"),
        transform: Parse.timeout)
    var timeout = Duration.seconds(2)

    @Option(
        help: .init(
            "The number of pictures that shared memory holds, from 2 to 64 (default: 8).", valueName: "count"),
        transform: { try OptionValue.whole($0, in: 2...64) })
    var slots = 8

    @OptionGroup var system: SystemOptions

    @OptionGroup var state: StateOptions

    func run() throws {
        let options = CaptureOptions(
            camera: camera, prefix: try system.prefix(), device: device, size: size, format: format.pixelFormat,
            controls: controls,
            pictures: PictureOptions(
                framesPerSecond: fps, quality: quality, subsampling: subsampling,
                orientation: Orientation(rotation: rotate, flip: flip), warmUpFrameCount: warmup, timeout: timeout),
            slotCount: slots, runtimeDirectory: system.runtimeFolder,
            stateDirectory: state.folder)
        try CaptureLoop.run(options, makeSource: Self.source)
    }

    /// Creates the source that `--device` selects.
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

/// The command `capture-daemon devices`.
struct ListDevices: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "Lists the cameras of this machine with their formats, sizes, rates and controls.")

    @Flag(help: "Print one line of JSON instead of text.")
    var json = false

    func run() throws {
        let devices = Device.all()
        print(json ? DeviceList.json(devices) : DeviceList.text(devices), terminator: "")
    }
}
