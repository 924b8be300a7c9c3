import JSON
import SharedFrame

/// The status of one camera, in the form in which an Oriel server returns it at `/status[/<camera>]`.
struct UpstreamStatus: Equatable {
    /// When the upstream responded, in nanoseconds since 1970, according to the clock that it uses for `X-Timestamp`.
    var now: UInt64
    var state: CameraState
    /// One sanitized sentence for users; empty while the camera works.
    var reason: String
    var isOnline: Bool
    /// The number of the newest frame; 0 before the first frame.
    var frameNumber: UInt64
    /// The frame rate that the upstream has requested from its camera, or 0 if it has requested none.
    var framesPerSecondAsked: Double

    /// Parses a status document of one camera or of all cameras.
    ///
    /// If the document contains all cameras, the camera with the name `camera` is used, or the first one if `camera` is
    /// nil. Returns nil if `bytes` is not a status document, or does not contain the camera.
    init?(_ bytes: [UInt8], camera: String?) {
        guard let document = JSON(bytes), let now = document["now"]?.number, now >= 0, now < 1e10 else {
            return nil
        }
        let cameras = document["cameras"]?.array ?? [document]
        guard let found = camera == nil ? cameras.first : cameras.first(where: { $0["camera"]?.string == camera }),
            let stateName = found["state"]?.string, let isOnline = found["online"]?.boolean
        else { return nil }
        self.now = UInt64((now * 1_000_000).rounded()) * 1000
        self.isOnline = isOnline
        let state = CameraState.allCases.first { $0.name == stateName } ?? .error
        // If a camera is live but not online, its newest frame is too old.
        self.state = !isOnline && state == .live ? .stalled : state
        reason = UntrustedText.clean(found["reason"]?.string ?? "")
        frameNumber = UInt64(exactly: found["frame_id"]?.number ?? 0) ?? 0
        framesPerSecondAsked = found["fps"]?["asked"]?.number ?? 0
    }
}
