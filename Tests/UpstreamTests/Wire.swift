import TestSupport

/// The bytes that an upstream sends.
enum Wire {
    static let streamHeader =
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n"
        + "Cache-Control: no-store\r\n\r\n--frame\r\n"

    /// Returns a part of a stream, as Oriel sends it.
    static func part(_ picture: TestPicture, number: UInt64? = nil, timestamp: String? = nil) -> [UInt8] {
        var head = "Content-Type: image/jpeg\r\nContent-Length: \(picture.bytes.count)\r\n"
        if let timestamp { head += "X-Timestamp: \(timestamp)\r\n" }
        if let number { head += "X-Frame-Id: \(number)\r\n" }
        return Array("\(head)\r\n".utf8) + picture.bytes + Array("\r\n--frame\r\n".utf8)
    }

    /// Sends a stream with a picture every 10 ms, starting with number `first`, until the connection is closed.
    static func stream(_ client: ScriptedClient, from first: UInt64) {
        guard client.send(streamHeader) else { return }
        var number = first
        while client.send(part(TestPicture(Int(number)), number: number)) && client.pause(milliseconds: 10) {
            number += 1
        }
    }

    /// Returns a complete response with a body.
    static func answer(_ status: String, type: String = "text/html", _ body: String = "<html></html>") -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}
