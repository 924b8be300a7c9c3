import JSON
import Video4Linux

/// An answer of the control socket, with its HTTP status.
struct ControlReply {
    let status: Int
    let body: JSON

    /// The line to send over the socket.
    var line: [UInt8] { Array((JSON.object([("status", .count(status)), ("answer", body)]).text + "\n").utf8) }
}

/// Why a request fails: a code for programs and a sentence for people.
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
    /// The description as a complete sentence.
    var sentence: String { description.prefix(1).uppercased() + description.dropFirst() + "." }
}
