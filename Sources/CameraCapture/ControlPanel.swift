import Capturing
import JSON
import SharedFrame
import Synchronization
import Video4Linux

/// The state of the source, for threads other than the capture thread.
///
/// Only the capture thread changes this state.
final class ControlPanel: Sendable, SourceObserver {
    /// An open source.
    final class Source: Sendable {
        /// Access to the camera's controls; nil if the source is not a camera.
        let access: ControlAccess?
        /// The members `device` and `now` of the JSON object in a response.
        let members: [(String, JSON)]

        init(_ description: SourceDescription, _ opened: OpenedSource, _ access: ControlAccess?) {
            self.access = access
            let format = PixelFormat(name: description.format)?.name ?? description.format.lowercased()
            members = [
                (
                    "device",
                    .object([
                        ("path", .text(description.device)), ("name", .text(description.name)),
                        ("driver", .text(access?.driver ?? description.kind)),
                    ])
                ),
                (
                    "now",
                    .object([
                        ("format", .text(format)),
                        ("size", opened.width > 0 ? .text("\(opened.width)x\(opened.height)") : .null),
                        ("fps", .optional(opened.framesPerSecond.flatMap { FrameRate($0) }) { .literal("\($0)") }),
                    ])
                ),
            ]
        }

        /// The formats that the camera offers; an empty array if the source is not a camera.
        var formats: JSON { .array(access?.formats().map(DeviceList.json) ?? []) }
    }

    enum State: Sendable {
        case closed(reason: String)
        case open(Source)
    }

    private let current = Mutex(State.closed(reason: "the camera is being opened"))

    var state: State { current.withLock { $0 } }

    func sourceDidOpen(_ source: any FrameSource, _ opened: OpenedSource) {
        let controls = (source as? any ControllableSource)?.controls
        let state = State.open(Source(source.description, opened, controls))
        current.withLock { $0 = state }
    }

    func sourceDidClose(_ reason: String) { current.withLock { $0 = .closed(reason: reason) } }
}
