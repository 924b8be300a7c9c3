import JSON
import SharedFrame

/// The status of one camera of an upstream that is Oriel: a response of its `/status[/<camera>]`.
struct UpstreamStatus: Equatable {
    /// The upstream's clock when it responded, in nanoseconds since 1970: the clock of `X-Timestamp`.
    var now: UInt64
    var state: CameraState
    /// One sentence for users, sanitized; empty while the camera works.
    var reason: String
    var isOnline: Bool
    /// The number of the newest frame; 0 before the first.
    var frameNumber: UInt64
    /// The frame rate that the upstream requested from its camera, or 0 if none.
    var framesPerSecondAsked: Double

    /// Parses the document of one camera, or finds `camera` (nil: the first one) in that of all cameras.
    ///
    /// Returns nil if `bytes` is not such a document.
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
        // Live but offline means that its newest frame is too old.
        self.state = !isOnline && state == .live ? .stalled : state
        reason = UntrustedText.clean(found["reason"]?.string ?? "")
        frameNumber = UInt64(exactly: found["frame_id"]?.number ?? 0) ?? 0
        framesPerSecondAsked = found["fps"]?["asked"]?.number ?? 0
    }
}
