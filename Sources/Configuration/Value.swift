import Tracking
import UpstreamAccess

/// Parses the values of settings.
///
/// If a value is invalid, each of these functions throws an error whose remedy says which values are valid.
enum Value {
    struct Invalid: Error {
        let remedy: String
        init(_ remedy: String) { self.remedy = remedy }
    }

    static func whole(_ text: String, _ range: ClosedRange<Int>) throws(Invalid) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw Invalid("give a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    static func number(_ text: String, _ range: ClosedRange<Double>, _ unit: String) throws(Invalid) -> Double {
        // Double also parses hexadecimal numbers and words such as `inf`.
        let isDecimal = text.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: ".") }
        guard isDecimal, let number = Double(text), range.contains(number) else {
            func plain(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
            throw Invalid("give \(unit) from \(plain(range.lowerBound)) to \(plain(range.upperBound))")
        }
        return number
    }

    static func word(_ text: String, _ words: [String]) throws(Invalid) -> String {
        guard words.contains(text) else { throw Invalid("give one of \(words.joined(separator: ", "))") }
        return text
    }

    static func isOn(_ text: String) throws(Invalid) -> Bool {
        switch text {
        case "yes", "true", "on", "1": true
        case "no", "false", "off", "0": false
        default: throw Invalid("give yes or no")
        }
    }

    static func detectionMode(_ text: String) throws(Invalid) -> DetectionMode {
        guard let mode = DetectionMode(rawValue: text) else { throw Invalid("give off, watched or always") }
        return mode
    }

    static func detectionRate(_ text: String) throws(Invalid) -> Double {
        try number(text, 0.1...60, "frames per second")
    }

    /// Parses a list of classes of the model, separated by commas.
    static func classes(_ text: String) throws(Invalid) -> [String] {
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmed }
        guard names.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 64 }), Set(names).count == names.count else {
            throw Invalid("give different names of classes, separated by commas, such as person, car, dog")
        }
        return names
    }

    /// Parses the corners of an area, such as `0.1,0.5 0.4,0.5 0.4,1`.
    static func polygon(_ text: String) throws(Invalid) -> Polygon {
        let words = text.split { $0 == " " || $0 == "\t" }
        let remedy = Invalid(
            "give 3 to 64 corners as X,Y with numbers from 0 to 1, such as 0.1,0.5 0.4,0.5 0.4,1; "
                + "0,0 is the top left corner of the picture")
        guard (3...64).contains(words.count) else { throw remedy }
        var corners: [Point] = []
        for word in words {
            let parts = word.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count == 2, let x = try? number(String(parts[0]), 0...1, ""),
                let y = try? number(String(parts[1]), 0...1, "")
            else { throw remedy }
            corners.append(Point(x: x, y: y))
        }
        guard Set(corners.map(\.x)).count > 1, Set(corners.map(\.y)).count > 1, let polygon = Polygon(corners) else {
            throw Invalid("the area is a line or a point; give corners that enclose a part of the picture")
        }
        return polygon
    }

    static func port(_ text: String) throws(Invalid) -> Int {
        guard let port = Int(text), (1...65535).contains(port), text.utf8.allSatisfy(isDigit) else {
            throw Invalid("give a port from 1 to 65535")
        }
        return port
    }

    /// Parses an address on which this machine can listen.
    ///
    /// `own` contains the addresses of this machine; it is empty if they are unknown.
    static func address(_ text: String, own: [String]) throws(Invalid) -> String {
        let isAlwaysOwn = ["localhost", "::1", "0.0.0.0", "::", "*"].contains(text) || isLoopback(text)
        let isNumeric = !text.isEmpty && text.utf8.allSatisfy { isHexDigit($0) || $0 == 0x2e || $0 == 0x3a }
        guard isAlwaysOwn || (isNumeric && (own.isEmpty || own.contains(text))) else {
            throw Invalid("give an address of this machine, or 0.0.0.0 for all of them")
        }
        return text
    }

    /// Parses `ADDRESS:PORT`, `[ADDRESS]:PORT`, or a port alone, for which the address is 127.0.0.1.
    static func endpoint(_ text: String, own: [String], port standard: Int) throws(Invalid) -> Endpoint {
        if text.utf8.allSatisfy(isDigit) { return Endpoint(address: "127.0.0.1", port: try port(text)) }
        guard let colon = text.lastIndex(of: ":") else {
            throw Invalid("give ADDRESS:PORT, such as 127.0.0.1:\(standard)")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return Endpoint(
            address: try address(String(host), own: own), port: try port(String(text[text.index(after: colon)...])))
    }

    static func hostName(_ text: String) throws(Invalid) -> String {
        let name = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
        let isName = name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 0x2e || $0 == 0x5f || $0 == 0x2d }
        guard let first = name.utf8.first, isLetterOrDigit(first), isName, name.utf8.count <= 253 else {
            throw Invalid("give host names, separated by spaces")
        }
        return text
    }

    /// Parses `WIDTHxHEIGHT`, with the same limits as capture-daemon.
    static func size(_ text: String) throws(Invalid) -> String {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        let isSize = parts.count == 2 && parts.allSatisfy { (16...16384).contains($0) }
        guard isSize, parts[0] * parts[1] <= 64_000_000 else {
            throw Invalid("give WIDTHxHEIGHT, such as 1280x720, from 16x16 up to 64 megapixels")
        }
        return text
    }

    static func format(_ text: String) throws(Invalid) -> String {
        let names = ["auto", "mjpeg", "yuyv", "uyvy", "nv12", "yu12", "rgb24", "bgr24", "grey"]
        // The codes of all formats of Linux consist of these characters.
        let isCode =
            text.utf8.count == 4
            && text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
        guard names.contains(text) || isCode
        else { throw Invalid("give \(names.joined(separator: ", ")), or a four-character code") }
        return text
    }

    static func device(_ text: String) throws(Invalid) -> String {
        let isIndex = !text.isEmpty && text.utf8.allSatisfy(isDigit)
        guard !text.isEmpty, !isIndex || UInt16(text) != nil else {
            throw Invalid("give auto, pattern, an index such as 0, a device such as /dev/video0, or a folder of JPEGs")
        }
        return text
    }

    static func upstream(_ text: String) throws(Invalid) -> String {
        let rest = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        let isPlain = text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        guard rest.count == 2, ["http", "https"].contains(rest[0].lowercased()), isPlain,
            let host = rest[1].split(separator: "/", omittingEmptySubsequences: false).first, !host.isEmpty
        else { throw Invalid("give the address of a stream, such as http://10.0.0.5:9001/mjpeg/door") }
        guard !host.contains("@") else {
            throw Invalid("remove the password, since others can read it; set ORIEL_UPSTREAM_CREDENTIALS instead")
        }
        // The relay parses the address in the same way, and would not start if it could not.
        guard (try? UpstreamAddress(text)) != nil else {
            throw Invalid("correct the host or the port, as in http://10.0.0.5:9001/mjpeg/door")
        }
        return text
    }

    static func path(_ text: String) throws(Invalid) -> String {
        guard text.hasPrefix("/") else { throw Invalid("give a path that begins with '/'") }
        return text
    }

    /// Parses the path of the runtime folder, which contains sockets and becomes part of nginx's configuration.
    static func runtimeFolder(_ text: String, isRelativeAllowed: Bool = false) throws(Invalid) -> String {
        let path = isRelativeAllowed ? text : try path(text)
        guard path.utf8.count <= 90 else { throw Invalid("give a path of at most 90 bytes") }
        guard path.utf8.allSatisfy({ isLetterOrDigit($0) || "/._+@:-".utf8.contains($0) }) else {
            throw Invalid("give a path of letters, digits and '/._+@:-', because nginx accepts no others")
        }
        return path
    }

    private static func isLoopback(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
}
