import JSON
import SharedFrame

/// What an upstream that is Oriel says of one of its cameras: an answer of its `/status[/<camera>]`.
struct UpstreamStatus: Equatable {
    /// The upstream's clock when it answered, in nanoseconds since 1970: the clock of `X-Timestamp`.
    var now: UInt64
    var state: CameraState
    /// One sentence for a person, cleaned; empty while all is well.
    var reason: String
    var isOnline: Bool
    /// The number of the newest frame; 0 before the first.
    var frameNumber: UInt64
    /// Frames per second that the upstream asked its camera for; 0 where it did not.
    var framesPerSecondAsked: Double

    /// Reads the document of one camera, or finds `camera` in that of all (nil: the first).
    ///
    /// Nil when `bytes` are not such a document.
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
        // Live but offline: its newest frame is too old.
        self.state = !isOnline && state == .live ? .stalled : state
        reason = ForeignText.clean(found["reason"]?.string ?? "")
        frameNumber = UInt64(exactly: found["frame_id"]?.number ?? 0) ?? 0
        framesPerSecondAsked = found["fps"]?["asked"]?.number ?? 0
    }
}
