import SharedFrame

/// Why a source gives no pictures now: a state, never the end of the program.
struct SourceTrouble: Error, Equatable {
    /// What status says: `waiting`, `noSignal`, `stalled` or `error`.
    let state: CameraState
    /// One sentence that names the thing, the cause and the remedy.
    let sentence: String

    init(_ state: CameraState, _ sentence: String) {
        self.state = state
        self.sentence = sentence
    }
}
