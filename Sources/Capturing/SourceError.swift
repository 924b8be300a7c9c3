public import SharedFrame

/// The reason why a source delivers no pictures.
///
/// It becomes the camera's state, and never makes the program exit.
public struct SourceError: Error, Equatable, Sendable {
    /// The state that the status document shows, which is `waiting`, `noSignal`, `stalled` or `error`.
    public let state: CameraState
    /// One sentence that names the device or folder, the cause and the remedy.
    public let sentence: String

    public init(_ state: CameraState, _ sentence: String) {
        self.state = state
        self.sentence = sentence
    }
}
