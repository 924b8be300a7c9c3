import TestSupport
import Testing

/// How one kind of server sends a stream.
///
/// Servers of this kind are known to send such bytes around their pictures. The pictures themselves come from the test.
struct Server: Sendable, CustomTestStringConvertible {
    let name: String
    /// The value of the response's Content-Type, or nil if there is none.
    let type: String?
    /// The bytes before the first part.
    var opening = ""
    /// The bytes before each picture.
    ///
    /// `{N}` is replaced with the picture's length in bytes, and `{I}` with its number.
    let head: String
    /// The bytes after each picture.
    let tail: String
    var isChunked = false

    var testDescription: String { name }

    init(
        _ name: String, _ type: String?, opening: String = "", _ head: String, tail: String = "\r\n",
        isChunked: Bool = false
    ) {
        self.name = name
        self.type = type
        self.opening = opening
        self.head = head
        self.tail = tail
        self.isChunked = isChunked
    }

    /// Sends the response header, and then pictures until the connection is closed.
    func stream(to client: ScriptedClient) {
        let coding = isChunked ? "Transfer-Encoding: chunked\r\n" : ""
        let header = type.map { "Content-Type: \($0)\r\n" } ?? ""
        guard client.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\(header)\(coding)\r\n"),
            opening.isEmpty || client.send(coded(Array(opening.utf8)))
        else { return }
        var number = 1
        repeat {
            let picture = TestPicture(number).bytes
            let head = head.replacing("{N}", with: "\(picture.count)").replacing("{I}", with: "\(number)")
            guard client.send(coded(Array(head.utf8) + picture + Array(tail.utf8))) else { return }
            number += 1
        } while client.pause(milliseconds: 10)
    }

    private func coded(_ bytes: [UInt8]) -> [UInt8] {
        guard isChunked else { return bytes }
        return Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [0x0D, 0x0A]
    }
}

extension Server {
    private static let replace = "multipart/x-mixed-replace"
    private static let length = "Content-Type: image/jpeg\r\nContent-Length: {N}\r\n\r\n"
    private static let noLength = "Content-Type: image/jpeg\r\n\r\n"

    static let all = programs + cameras + examples + oddities

    static let programs = [
        Server(
            "mjpg-streamer", "\(replace);boundary=boundarydonotcross", opening: "--boundarydonotcross\r\n",
            "Content-Type: image/jpeg\r\nContent-Length: {N}\r\nX-Timestamp: {I}.250000\r\n\r\n",
            tail: "\r\n--boundarydonotcross\r\n"),
        Server(
            "OctoPi's mjpg-streamer", "\(replace);boundary=boundarydonotcross", opening: "--boundarydonotcross\r\n",
            "Content-Type: image/jpeg\r\nContent-Length: {N}\r\nX-Timestamp: 0.000000\r\n\r\n",
            tail: "\r\n--boundarydonotcross\r\n"),
        Server(
            "µStreamer", "\(replace);boundary=boundarydonotcross", opening: "--boundarydonotcross\r\n",
            "Content-Type: image/jpeg\r\nContent-Length: {N}\r\nX-Timestamp: 1700000{I}.123456\r\n"
                + "X-UStreamer-Online: true\r\nX-UStreamer-Width: 64\r\n\r\n",
            tail: "\r\n--boundarydonotcross\r\n"),
        Server(
            "µStreamer with advance_headers", "\(replace);boundary=boundarydonotcross",
            opening: "--boundarydonotcross\r\nContent-Type: image/jpeg\r\nX-Timestamp: 5.5\r\n\r\n", "",
            tail: "\r\n--boundarydonotcross\r\nContent-Type: image/jpeg\r\nX-Timestamp: 6.5\r\n\r\n"),
        Server(
            "Motion", "\(replace); boundary=BoundaryString",
            "--BoundaryString\r\nContent-type: image/jpeg\r\nContent-Length:      {N}\r\n\r\n"),
        Server(
            "ZoneMinder", "\(replace); boundary=ZoneMinderFrame", "--ZoneMinderFrame\r\n\(length)", tail: "\r\n\r\n"),
        Server("go2rtc", "\(replace); boundary=frame", "--frame\r\n\(length)"),
        Server("Frigate", "\(replace); boundary=frame", "--frame\r\n\(noLength)", tail: "\r\n\r\n"),
        Server(
            "ffmpeg -f mpjpeg", "\(replace);boundary=ffmpeg", opening: "--ffmpeg\r\n",
            "Content-type: image/jpeg\r\nContent-length: {N}\r\n\r\n", tail: "\r\n--ffmpeg\r\n"),
        Server(
            "ffmpeg -listen 1", "application/octet-stream", opening: "--ffmpeg\r\n",
            "Content-type: image/jpeg\r\nContent-length: {N}\r\n\r\n", tail: "\r\n--ffmpeg\r\n"),
        Server(
            "GStreamer multipartmux", "\(replace);boundary=ThisRandomString", "--ThisRandomString\r\n\(length)"),
        Server(
            "GStreamer with another boundary declared", "\(replace);boundary=spionisto",
            "--ThisRandomString\r\n\(length)"),
        Server(
            "VLC", "\(replace); boundary=7b3cc56e5f51db803f790dad720ed50a",
            "\r\n--7b3cc56e5f51db803f790dad720ed50a\r\n\(length)", tail: ""),
        Server("Blue Iris", "\(replace); boundary=--myboundary", "--myboundary\r\n\(length)"),
        Server(
            "Shinobi", "\(replace); boundary=shinobi", opening: "--shinobi\r\n",
            "Content-Type: image/jpeg\r\nContent-Length: {N}\r\n\r\n", tail: "\r\n--shinobi\r\n"),
        Server("Home Assistant", "\(replace); boundary=--frameboundary", "--frameboundary\r\n\(length)"),
        Server("camera-streamer", "\(replace);boundary=boundary", "--boundary\r\n\(length)"),
        Server(
            "webcamXP", "\(replace); boundary=--myboundary", "--myboundary\nContent-Type: image/jpeg\n\n", tail: "\n"),
        Server("Yawcam", "\(replace);boundary=yawcam", "--yawcam\r\n\(length)", tail: "\r\n"),
        Server(
            "RPi Cam Web Interface", "\(replace); boundary=PIderman", "--PIderman\r\nContent-type: image/jpeg\r\n\r\n",
            tail: "\r\n", isChunked: true),
    ]

    static let cameras = [
        Server("Axis", "\(replace); boundary=myboundary", "--myboundary\r\n\(length)"),
        Server("Hikvision", "\(replace); boundary=boundarySample", "--boundarySample\r\n\(length)"),
        Server(
            "Dahua", "\(replace); boundary=myboundary",
            "--myboundary\r\nContent-Type: image/jpeg\r\nContent-Length:{N}\r\n\r\n", tail: "\r\n\r\n"),
        Server(
            "D-Link, TRENDnet", "\(replace);boundary=--video boundary--",
            "--video boundary--\r\nContent-length: {N}\r\nDate: 11-28-2026 12:00:00 AM\r\nContent-type: image/jpeg\r\n\r\n"
        ),
        Server("Foscam", "\(replace);boundary=ipcamera", "--ipcamera\r\n\(length)"),
        Server(
            "Winbond chips", "\(replace); boundary=WINBONDBOUDARY",
            "--WINBONDBOUDARY\r\nContent-Type: image/jpeg\r\n\r\n"),
        Server("Mobotix", "\(replace); boundary=\"MOBOTIX_Fast_Serverpush\"", "--MOBOTIX_Fast_Serverpush\r\n\(length)"),
        Server("Panasonic", "\(replace); boundary=--myboundary", "--myboundary\r\nContent-type: image/jpeg\r\n\r\n"),
        Server("Sony", "\(replace);boundary=--myboundary", "\r\n--myboundary\r\n\(length)", tail: ""),
        Server(
            "Vivotek", "\(replace);boundary=\"fbd\"", "--fbd\r\nContent-Type:image/jpeg\r\nContent-Length:{N}\r\n\r\n"),
        Server(
            "ESP32-CAM", "\(replace);boundary=123456789000000000000987654321",
            "\r\n--123456789000000000000987654321\r\nContent-Type: image/jpeg\r\nContent-Length: {N}\r\n"
                + "X-Timestamp: {I}.000040\r\n\r\n", tail: "", isChunked: true),
        Server(
            "ESPHome", "\(replace);boundary=123456789000000000000987654321",
            "--123456789000000000000987654321\r\nContent-Type: image/jpeg\r\nContent-Length: {N}\r\n\r\n"),
        Server(
            "Tasmota", "\(replace); boundary=e8b8c539-047d-4777-a985-fbba6edff11e",
            "--e8b8c539-047d-4777-a985-fbba6edff11e\r\n\(length)"),
        Server(
            "IP Webcam (Android)", "\(replace);boundary=Ba4oTvQMY8ew04N8dcnM", "--Ba4oTvQMY8ew04N8dcnM\r\n\(length)"),
        Server("DroidCam", "\(replace); boundary=--dcmjpeg", "--dcmjpeg\r\n\(length)"),
        Server(
            "no EOL before the boundary", "\(replace); boundary=gc0p4Jq0M2Yt08jU534c0p",
            "--gc0p4Jq0M2Yt08jU534c0p\r\n\(length)", tail: ""),
    ]

    static let examples = [
        Server("Flask", "\(replace); boundary=frame", "--frame\r\n\(noLength)"),
        Server("Flask, chunked", "\(replace); boundary=frame", "--frame\r\n\(noLength)", isChunked: true),
        Server("Flask without a final line break", "\(replace); boundary=frame", "--frame\r\n\(noLength)", tail: ""),
        Server("picamera2", "\(replace); boundary=FRAME", "--FRAME\r\n\(length)"),
        Server(
            "aiohttp", "\(replace);boundary=\"image-boundary\"",
            "--image-boundary\r\nContent-Type: image/jpeg\r\nContent-Length: {N}\r\n\r\n"),
        Server("Node.js", "\(replace); boundary=--myboundary", "--myboundary\nContent-Type: image/jpg\n\n", tail: "\n"),
        Server(
            "OpenCV", "\(replace); boundary=mjpegstream",
            "--mjpegstream\r\nContent-type: image/jpeg\r\nContent-length: {N}\r\n\r\n", tail: ""),
        Server(
            "Java", "\(replace); boundary=--BoundaryString",
            "--BoundaryString\r\nContent-type: image/jpg\r\nContent-Length: {N}\r\n\r\n", tail: "\r\n\r\n"),
    ]

    static let oddities = [
        Server("no boundary declared", replace, "--frame\r\n\(length)"),
        Server("another boundary declared", "\(replace); boundary=one", "--two\r\n\(length)"),
        Server("a boundary in single quotes", "\(replace); boundary='frame'", "--frame\r\n\(length)"),
        Server("a boundary without dashes", "\(replace); boundary=frame", "frame\r\n\(length)"),
        Server("no Content-Type in the response", nil, "--frame\r\n\(length)"),
        Server("text/plain", "text/plain", "--frame\r\n\(length)"),
        Server("image/jpeg", "image/jpeg", "--frame\r\n\(length)"),
        Server("multipart/mixed", "multipart/mixed; boundary=frame", "--frame\r\n\(length)"),
        Server(
            "a Content-Length that is too large", "\(replace); boundary=frame",
            "--frame\r\nContent-Length: 9{N}\r\n\r\n"),
        Server(
            "a length of 0", "\(replace); boundary=frame",
            "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 0\r\n\r\n"),
        Server("empty lines before the picture", "\(replace); boundary=frame", "--frame\r\n\(length)\r\n\r\n\r\n"),
        Server(
            "XML between the pictures", "\(replace); boundary=frame",
            "--frame\r\nContent-Type: text/xml\r\n\r\n<event/>\r\n--frame\r\n\(length)"),
        Server("the boundary twice", "\(replace); boundary=frame", "--frame\r\n--frame\r\n\(length)"),
        Server("JPEGs with nothing between them", "video/x-motion-jpeg", "", tail: ""),
        Server("JPEGs with nothing between them, as multipart", "\(replace); boundary=x", "", tail: ""),
    ]
}
