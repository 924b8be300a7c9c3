public import Capturing
public import Names
public import SystemPackage
public import Video4Linux

/// The validated command line of capture-daemon.
public struct CaptureOptions: Sendable {
    public var camera: CameraName
    /// The first part of the ring's name: `ORIEL_PREFIX`.
    public var prefix: SystemPrefix
    public var device: DeviceChoice
    public var size: PictureSize
    /// Nil for the best format that the camera offers.
    public var format: PixelFormat?
    public var controls: [ControlSetting]
    /// How the pictures are processed.
    public var pictures: PictureOptions
    /// The number of pictures in the ring.
    public var slotCount: Int
    /// The folder of the control socket; nil if there is none.
    public var runtimeDirectory: FilePath?
    /// The folder for controls that are set while the program runs; nil if they are not saved.
    public var stateDirectory: FilePath?

    public init(
        camera: CameraName = .main, prefix: SystemPrefix = .standard, device: DeviceChoice = .automatic,
        size: PictureSize = PictureSize(width: 1280, height: 720), format: PixelFormat? = nil,
        controls: [ControlSetting] = [], pictures: PictureOptions = PictureOptions(), slotCount: Int = 8,
        runtimeDirectory: FilePath? = nil, stateDirectory: FilePath? = nil
    ) {
        self.camera = camera
        self.prefix = prefix
        self.device = device
        self.size = size
        self.format = format
        self.controls = controls
        self.pictures = pictures
        self.slotCount = slotCount
        self.runtimeDirectory = runtimeDirectory
        self.stateDirectory = stateDirectory
    }
}

/// One setting of a camera's control: `NAME=VALUE`.
public struct ControlSetting: Equatable, Sendable {
    /// As `capture-daemon devices` lists it, such as `brightness`.
    public let name: String
    /// A number, or a choice of a menu or switch.
    public let value: String

    init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Parses `NAME=VALUE`.
    public init(_ text: String) throws(OptionError) {
        guard let separator = text.firstIndex(of: "=") else { throw OptionError("give it as NAME=VALUE") }
        name = String(text[..<separator])
        value = String(text[text.index(after: separator)...])
        if name.isEmpty || value.isEmpty { throw OptionError("give it as NAME=VALUE") }
    }
}
