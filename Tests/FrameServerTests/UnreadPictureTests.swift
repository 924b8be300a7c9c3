import Glibc
import Linux
import TestSupport
import Testing

/// Pictures that lie unread in a socket while the worker makes further ones: the socket shares the worker's memory.
@Suite("Unread pictures")
struct UnreadPictureTests {
    /// More pictures than files are ever kept.
    private static let furtherPictures = 12

    /// Lets `others` take so many further pictures, and then `late` the one that it was sent before them.
    ///
    /// A file that was used again would hold one of the last pictures, whole, under its own number.
    private func take(_ late: FastCGIClient, after others: [FastCGIClient], _ camera: TestCamera) throws {
        var newest: UInt64 = 0
        for _ in 0..<Self.furtherPictures {
            for other in others {
                let part = try #require(try other.part())
                newest = try #require(part.number)
                #expect(part.body == camera.bytes(of: newest))
            }
        }
        let part = try #require(try late.part())
        let number = try #require(part.number)
        #expect(part.body == camera.bytes(of: number))
        #expect(number + 5 <= newest)
    }

    // Few viewers get a picture straight from its file, many by way of pipes.
    @Test(
        "a picture that is read late is what it was when it was sent, whatever others got", .timeLimit(.minutes(1)),
        arguments: [1, 8])
    func lateReader(others count: Int) throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 60, byteCount: 40_000)
        let late = try server.stream()
        let others = try (0..<count).map { _ in try server.stream() }
        for _ in 0..<4 {
            try take(late, after: others, camera)
        }
    }

    @Test("what was sent to a web server that ends its side at once stays what it was", .timeLimit(.minutes(1)))
    func leavingReader() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 60, byteCount: 40_000)
        let other = try server.stream()
        for _ in 0..<4 {
            let leaving = try server.stream()
            _ = try leaving.part()
            // Until the next one lies there.
            Poll.wait([leaving.socket.number], milliseconds: 10_000)
            _ = shutdown(leaving.socket.number, CInt(SHUT_WR))
            try take(leaving, after: [other], camera)
        }
    }

    @Test("a viewer with a rate of its own gets right pictures too, read late", .timeLimit(.minutes(1)))
    func viewerWithRate() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 60, byteCount: 40_000)
        let late = try server.stream("/mjpeg?fps=20")
        let other = try server.stream()
        for _ in 0..<4 {
            try take(late, after: [other], camera)
        }
    }
}
