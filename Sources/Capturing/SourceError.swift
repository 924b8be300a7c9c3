public import SharedFrame

/// The reason why a source delivers no pictures.
///
/// The error sets the camera's state. It never makes the program exit.
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
