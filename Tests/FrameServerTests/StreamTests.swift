import Linux
import SharedFrame
import TestSupport
import Testing

@Suite("Stream")
struct StreamTests {
    @Test("each frame comes whole, under its number, in order", .timeLimit(.minutes(1)))
    func frames() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 50)
        let client = try server.stream()
        var last: UInt64 = 0
        for _ in 0..<20 {
            let part = try #require(try client.part())
            let number = try #require(part.number)
            #expect(number > last)
            #expect(part.body == camera.bytes(of: number))
            #expect(part.headers["content-type"] == "image/jpeg")
            last = number
        }
    }
}
