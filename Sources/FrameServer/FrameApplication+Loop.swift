import FastCGI
import SharedFrame
import Web

// Refuses a relay that asks for its own pictures.
extension FrameApplication {
    private static let parameter =
        "HTTP_" + String(RingWriter.requestHeader.map { $0 == "-" ? "_" : $0 }).uppercased()

    /// Throws if the request comes from the relay that writes the requested camera's ring.
    ///
    /// Such a camera has no pictures. Its status would tell the relay only what the relay itself has reported earlier.
    func refuseLoop(_ request: Request, _ route: Route) throws(HTTPError) {
        guard let value = request[Self.parameter] else { return }
        let choice: CameraChoice
        switch route {
        case .stream(let name), .snapshot(let name), .resultStream(let name), .resultSnapshot(let name): choice = name
        case .status(let name?): choice = .name(name)
        case .status(nil): choice = .first
        default: return
        }
        guard let camera = try? cameras.camera(choice),
            camera.subscriber.recentStatus?.writer.requestValue(for: camera.name) == value
        else { return }
        let message = "The upstream of camera '\(camera.name)' is this camera itself; correct the upstream's address."
        throw HTTPError(508, "loop_detected", message)
    }
}
