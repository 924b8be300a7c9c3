import Testing

@testable import Tracking

@Suite("The box of a partly hidden object")
struct PartialBoxTests {
    private let expected = Box(left: 100, top: 100, right: 200, bottom: 300)

    private func completed(_ left: Double, _ right: Double, beside other: Box?) -> Box {
        let box = Box(left: left, top: 100, right: right, bottom: 300)
        return PartialBox.completed(box, expected: expected, others: [box] + (other.map { [$0] } ?? []))
    }

    @Test("is completed on the side that another object hides")
    func hidden() {
        let right = Box(left: 160, top: 120, right: 280, bottom: 320)
        #expect(completed(105, 160, beside: right) == Box(left: 105, top: 100, right: 205, bottom: 300))
        let left = Box(left: 20, top: 120, right: 150, bottom: 320)
        #expect(completed(150, 195, beside: left) == Box(left: 95, top: 100, right: 195, bottom: 300))
    }

    @Test("is not changed if it is whole, if no other object hides it, or if the other object is far from its edges")
    func unchanged() {
        let right = Box(left: 160, top: 120, right: 280, bottom: 320)
        for (left, end, other) in [
            (105.0, 198.0, right), (105, 160, nil), (105, 160, Box(left: 195, top: 120, right: 280, bottom: 320)),
            (105, 130, right),
        ] as [(Double, Double, Box?)] {
            #expect(completed(left, end, beside: other) == Box(left: left, top: 100, right: end, bottom: 300))
        }
    }
}
