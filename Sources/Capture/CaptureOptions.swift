public import Names
public import SharedFrame
public import SystemPackage
import TurboJPEG
public import Video4Linux

/// What a capture-daemon is to do: its command line, checked.
public struct CaptureOptions: Sendable {
    public var camera: CameraName
    /// Under which the ring is named: `ORIEL_PREFIX`.
    public var prefix: SystemPrefix
    public var device: DeviceChoice
    public var size: PictureSize
    /// Frames per second at most, 0.1…240.
    public var framesPerSecond: Double
    /// Nil: the best that the camera offers.
    public var format: PixelFormat?
    /// JPEG quality of what is encoded here, 1…100.
    public var quality: Int
    public var subsampling: Subsampling
    public var controls: [ControlSetting]
    public var orientation: Orientation
    /// Pictures that are thrown away after each start of the camera.
    public var warmUpFrameCount: Int
    /// Seconds without a picture after which the camera counts as stalled.
    public var timeout: Double
    /// Pictures that the ring holds.
    public var slotCount: Int
    /// Where the control socket lies; nil: there is none.
    public var runtimeDirectory: FilePath?
    /// Where what is set while the program runs is kept; nil: nowhere.
    public var stateDirectory: FilePath?

    /// How much colour an encoded picture keeps.
    public enum Subsampling: String, CaseIterable, Sendable {
        /// A colour for every 2 × 2 pixels.
        case halfBoth = "420"
        /// A colour for every 2 × 1 pixels.
        case halfWidth = "422"

        var jpeg: TurboJPEG.Subsampling {
            switch self {
            case .halfBoth: .s420
            case .halfWidth: .s422
            }
        }
    }

    public init(
        camera: CameraName = .main, prefix: SystemPrefix = .standard, device: DeviceChoice = .automatic,
        size: PictureSize = PictureSize(width: 1280, height: 720), framesPerSecond: Double = 30,
        format: PixelFormat? = nil, quality: Int = 80, subsampling: Subsampling = .halfBoth,
        controls: [ControlSetting] = [], orientation: Orientation = .upright, warmUpFrameCount: Int = 0,
        timeout: Double = 2, slotCount: Int = 8, runtimeDirectory: FilePath? = nil, stateDirectory: FilePath? = nil
    ) {
        self.camera = camera
        self.prefix = prefix
        self.device = device
        self.size = size
        self.framesPerSecond = framesPerSecond
        self.format = format
        self.quality = quality
        self.subsampling = subsampling
        self.controls = controls
        self.orientation = orientation
        self.warmUpFrameCount = warmUpFrameCount
        self.timeout = timeout
        self.slotCount = slotCount
        self.runtimeDirectory = runtimeDirectory
        self.stateDirectory = stateDirectory
    }
}

/// One setting of a camera's control: `NAME=VALUE`.
public struct ControlSetting: Equatable, Sendable {
    /// As `capture-daemon devices` lists it, such as `brightness`.
    public let name: String
    /// A number, or the word that a menu or a switch takes.
    public let value: String

    init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    public init(_ text: String) throws(OptionError) {
        guard let separator = text.firstIndex(of: "=") else { throw OptionError("give it as NAME=VALUE") }
        name = String(text[..<separator])
        value = String(text[text.index(after: separator)...])
        if name.isEmpty || value.isEmpty { throw OptionError("give it as NAME=VALUE") }
    }
}
