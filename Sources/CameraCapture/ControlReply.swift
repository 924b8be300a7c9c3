import JSON
import Video4Linux

/// A response on the control socket, with the HTTP status that mjpeg-fcgi returns to its client.
struct ControlReply {
    let status: Int
    let body: JSON

    /// The line to send over the socket.
    var line: [UInt8] { Array((JSON.object([("status", .count(status)), ("answer", body)]).text + "\n").utf8) }
}

/// The reason why a request fails, as a code for programs (`error`) and as a sentence for people (`message`).
struct ControlRefusal: Error {
    let status: Int
    let error: String
    let message: String

    static func bad(_ message: String) -> ControlRefusal {
        ControlRefusal(status: 400, error: "bad_request", message: message)
    }

    static func offline(_ message: String) -> ControlRefusal {
        ControlRefusal(status: 503, error: "camera_offline", message: message)
    }
}

extension CameraError {
    /// The description with a capital letter and a full stop.
    var sentence: String { description.prefix(1).uppercased() + description.dropFirst() + "." }
}
