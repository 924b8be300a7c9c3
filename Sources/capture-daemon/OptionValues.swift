import Capture
import Daemon
import Linux
import SharedFrame
import SystemPackage
import Video4Linux

/// A value that an option cannot take: what it can.
struct BadValue: Error, CustomStringConvertible {
    let description: String
}

/// `--format`: a pixel format or the camera's best.
enum FormatChoice: CustomStringConvertible {
    case automatic
    case only(PixelFormat)

    var pixelFormat: PixelFormat? {
        if case .only(let format) = self { return format }
        return nil
    }

    var description: String { pixelFormat?.name ?? "auto" }
}

/// Reads the values of options.
enum Parse {
    static func cameraName(_ text: String) throws -> CameraName {
        guard let name = CameraName(text) else {
            throw BadValue(description: "give up to 32 of a-z, 0-9, - and _, a letter or digit first")
        }
        return name
    }

    static func prefix(_ text: String) throws -> String {
        guard RingName.isPrefix(text) else {
            throw BadValue(description: "give up to 64 letters, digits, - and _, a letter or digit first")
        }
        return text
    }

    /// The prefix that holds where none is given on the command line.
    static func defaultPrefix() throws -> String {
        guard let text = Environment.value("ORIEL_PREFIX"), !text.isEmpty else { return "oriel" }
        guard RingName.isPrefix(text) else {
            throw Failure(
                .usage,
                "ORIEL_PREFIX '\(text)' cannot be a prefix: give up to 64 letters, digits, - and _, a letter or digit first"
            )
        }
        return text
    }

    static func folder(_ text: String?) -> FilePath? {
        guard let text, !text.isEmpty else { return nil }
        return FilePath(text)
    }

    /// Where sockets lie unless the command line says otherwise.
    static var defaultRuntimeDirectory: FilePath { folder(Environment.value("ORIEL_RUNTIME_DIR")) ?? "/run/oriel" }

    /// Where state is kept unless the command line says otherwise: what systemd.exec(5) gives, else as the XDG Base
    /// Directory Specification 0.8 has it; nil without a home.
    static var defaultStateDirectory: FilePath? {
        if let list = Environment.value("STATE_DIRECTORY"), let first = list.split(separator: ":").first {
            return FilePath(String(first))
        }
        if let home = folder(Environment.value("XDG_STATE_HOME")), home.isAbsolute { return home.appending("oriel") }
        return folder(Environment.value("HOME")).map { $0.appending(".local/state/oriel") }
    }

    static func size(_ text: String) throws -> PictureSize {
        guard let size = PictureSize(text), size.width >= 16, size.height >= 16, size.pixelCount <= 64_000_000 else {
            throw BadValue(description: "give it as WIDTHxHEIGHT, such as 1280x720, from 16x16 up to 64 megapixels")
        }
        return size
    }

    static func rate(_ text: String) throws -> Double {
        guard let rate = Double(text), (0.1...240).contains(rate) else {
            throw BadValue(description: "give a number from 0.1 to 240")
        }
        return rate
    }

    static func timeout(_ text: String) throws -> Double {
        guard let seconds = Double(text), (0.5...3600).contains(seconds) else {
            throw BadValue(description: "give seconds from 0.5 to 3600")
        }
        return seconds
    }

    static func format(_ text: String) throws -> FormatChoice {
        if text == "auto" { return .automatic }
        guard let format = PixelFormat(name: text) else {
            throw BadValue(description: "give auto, a format such as mjpeg or yuyv, or a four-character code")
        }
        return .only(format)
    }

    static func rotation(_ text: String) throws -> Orientation.Rotation {
        guard let degrees = Int(text), let rotation = Orientation.Rotation(rawValue: degrees) else {
            throw BadValue(description: "give 0, 90, 180 or 270")
        }
        return rotation
    }

    static func whole(_ text: String, in range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw BadValue(description: "give a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    static func word<Word: RawRepresentable<String> & CaseIterable>(_ text: String) throws -> Word {
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw BadValue(description: "give one of \(words)")
        }
        return word
    }
}
