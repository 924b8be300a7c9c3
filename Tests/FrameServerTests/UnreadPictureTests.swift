import Glibc
import Linux
import TestSupport
import Testing

/// A picture that the web server has not read yet must not change while the worker writes new pictures.
///
/// The worker's sockets refer to the memory of the files that contain the pictures, and the worker reuses these files.
@Suite("Unread pictures")
struct UnreadPictureTests {
    /// More pictures than the worker's pool has files, which forces the worker to reuse a file.
    private static let furtherPictures = 12

    /// Lets `others` read `furtherPictures` pictures, then lets `late` read a picture that was sent before all of them.
    ///
    /// If the worker had reused the file of that picture too early, `late` would read a later picture instead, which
    /// has a higher number.
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

    // To few viewers, the worker sends the picture's file itself. To many viewers, it sends the file through a pipe.
    @Test(
        "a picture that is read late is not overwritten by later ones", .timeLimit(.minutes(1)),
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

    @Test("a picture sent to a web server that half-closes its connection is not overwritten", .timeLimit(.minutes(1)))
    func leavingReader() throws {
        let server = try TestServer()
        let camera = try TestCamera(server.ring.name, framesPerSecond: 60, byteCount: 40_000)
        let other = try server.stream()
        for _ in 0..<4 {
            let leaving = try server.stream()
            _ = try leaving.part()
            // Wait until the next picture has been sent.
            Poll.wait([leaving.socket.number], milliseconds: 10_000)
            _ = shutdown(leaving.socket.number, CInt(SHUT_WR))
            try take(leaving, after: [other], camera)
        }
    }

    @Test("a viewer that uses fps= and reads late gets correct pictures", .timeLimit(.minutes(1)))
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
