import Testing
import TurboJPEG

@testable import Capturing

@Suite("Orientation")
struct OrientationTests {
    @Test(
        "a rotation and then a mirroring are combined into one turn",
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
