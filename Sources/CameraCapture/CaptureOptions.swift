public import Capturing
public import Names
public import SystemPackage
public import Video4Linux

/// The validated command line of capture-daemon.
public struct CaptureOptions: Sendable {
    public var camera: CameraName
    /// The first part of the ring's name (`ORIEL_PREFIX`).
    public var prefix: SystemPrefix
    public var device: DeviceChoice
    public var size: PictureSize
    /// The pixel format to request; nil requests the best format that the camera offers.
    public var format: PixelFormat?
    /// The values of controls from the command line, which are set each time the camera is opened.
    public var controls: [ControlSetting]
    /// The limit on the frame rate, and how the pictures are encoded and rotated.
    public var pictures: PictureOptions
    /// The number of pictures that the ring holds.
    public var slotCount: Int
    /// The folder for the control socket; nil if the program has no control socket.
    public var runtimeDirectory: FilePath?
    /// The folder for saving the controls that are set while the program runs; nil if they are not saved.
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

/// A value for one of a camera's controls, written as `NAME=VALUE` on the command line.
public struct ControlSetting: Equatable, Sendable {
    /// The name that `capture-daemon devices` lists, such as `brightness`.
    public let name: String
    /// A number, the text of an entry in a menu, `on`, or `off`.
    public let value: String

    init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Parses `NAME=VALUE`.
    public init(_ text: String) throws(OptionError) {
        guard let separator = text.firstIndex(of: "=") else { throw OptionError("write NAME=VALUE") }
        name = String(text[..<separator])
        value = String(text[text.index(after: separator)...])
        if name.isEmpty || value.isEmpty { throw OptionError("write NAME=VALUE") }
    }
}
