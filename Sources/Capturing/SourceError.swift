public import SharedFrame

/// Why a source delivers no pictures: a state of the camera, which never ends the program.
public struct SourceError: Error, Equatable, Sendable {
    /// What the status document shows: `waiting`, `noSignal`, `stalled` or `error`.
    public let state: CameraState
    /// One sentence that names the thing, the cause and the remedy.
    public let sentence: String

    public init(_ state: CameraState, _ sentence: String) {
        self.state = state
        self.sentence = sentence
    }
}
