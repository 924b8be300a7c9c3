import Testing
import TurboJPEG

@testable import Capturing

@Suite("Turning")
struct OrientationTests {
    @Test(
        "the options are one turn, mirrored after it was rotated",
        arguments: [
            (Orientation.Rotation.none, Orientation.Flip.none, Turn.none), (.none, .horizontal, .flipHorizontal),
            (.none, .vertical, .flipVertical), (.none, .both, .rotate180), (.quarter, .none, .rotate90),
            (.quarter, .horizontal, .transpose), (.quarter, .vertical, .transverse), (.quarter, .both, .rotate270),
            (.half, .horizontal, .flipVertical), (.half, .both, .none), (.threeQuarters, .horizontal, .transverse),
        ])
    func turns(rotation: Orientation.Rotation, flip: Orientation.Flip, turn: Turn) {
        #expect(Orientation(rotation: rotation, flip: flip).turn == turn)
    }
}
