import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@testable import CameraCapture

extension RunningDaemon {
    /// A response of the control socket.
    struct ControlAnswer {
        let status: Int
        let body: JSON

        subscript(name: String) -> JSON? { body[name] }
    }

    /// Sends a request to the control socket and returns the response.
    ///
    /// Throws if the response is not complete.
    func ask(_ line: String) throws -> ControlAnswer {
        let socket = try Socket.connect(to: controlSocket)
        Socket.setReceiveTimeout(of: socket.number, milliseconds: 20_000)
        let bytes = Array((line + "\n").utf8)
        var sent = 0
        while sent < bytes.count { sent += try Socket.send(bytes, from: sent, to: socket.number).get() }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try Socket.receive(from: socket.number, into: &buffer).get()
            if count == 0 { break }
            answer += buffer[..<count]
        }
        let text = String(decoding: answer, as: UTF8.self)
        #expect(text.count { $0 == "\n" } == (text.isEmpty ? 0 : 1))
        let document = try #require(JSON(text))
        return ControlAnswer(
            status: Int(try #require(document["status"]?.number)), body: try #require(document["answer"]))
    }

    /// Sends a request to set controls and returns the response.
    ///
    /// `controls` is a JSON object with the names and values of the controls.
    func set(_ controls: String) throws -> ControlAnswer { try ask(#"{"do":"set","controls":\#(controls)}"#) }

    /// The current value of a control, or nil if it cannot be read or is not a number.
    func value(of control: String) -> Double? {
        let controls = (try? ask(#"{"do":"read"}"#))?["controls"]?.array
        return controls?.first { $0["name"]?.string == control }?["value"]?.number
    }
}
