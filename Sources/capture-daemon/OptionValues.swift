import CameraCapture
import Capturing
import Linux
import ProgramSupport
import Video4Linux

/// The value of `--format`, which is a pixel format or `auto`.
enum FormatChoice: CustomStringConvertible {
    case automatic
    case only(PixelFormat)

    /// The pixel format; nil for `auto`.
    var pixelFormat: PixelFormat? {
        if case .only(let format) = self { return format }
        return nil
    }

    var description: String { pixelFormat?.name ?? "auto" }
}

/// Parses the values of options.
enum Parse {
    static func size(_ text: String) throws -> PictureSize {
        guard let size = PictureSize(text), size.width >= 16, size.height >= 16, size.pixelCount <= 64_000_000 else {
            throw InvalidValue("specify WIDTHxHEIGHT, such as 1280x720, from 16x16 up to 64 megapixels")
        }
        return size
    }

    static func rate(_ text: String) throws -> Double {
        try OptionValue.number(text, in: 0.1...240)
    }

    static func timeout(_ text: String) throws -> Duration {
        Duration(inSeconds: try OptionValue.number(text, in: 0.5...3600, unit: "seconds"))
    }

    static func format(_ text: String) throws -> FormatChoice {
        if text == "auto" { return .automatic }
        guard let format = PixelFormat(name: text) else {
            throw InvalidValue("specify auto, a format such as mjpeg or yuyv, or a four-character code")
        }
        return .only(format)
    }

    static func rotation(_ text: String) throws -> Orientation.Rotation {
        guard let degrees = Int(text), let rotation = Orientation.Rotation(rawValue: degrees) else {
            throw InvalidValue("specify 0, 90, 180 or 270")
        }
        return rotation
    }
}
