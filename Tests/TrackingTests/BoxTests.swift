import Testing

@testable import Tracking

@Suite("A box")
struct BoxTests {
    private let box = Box(left: 10, top: 20, right: 30, bottom: 60)

    @Test("measures its overlap with another box as intersection over union, which is 0 if they only touch")
    func overlap() {
        #expect(box.overlap(box) == 1)
        #expect(box.overlap(Box(left: 20, top: 20, right: 40, bottom: 60)) == 1.0 / 3)
        #expect(box.overlap(Box(left: 30, top: 20, right: 50, bottom: 60)) == 0)
        #expect(Box(left: 15, top: 20, right: 35, bottom: 60).share(inside: box) == 0.75)
        #expect(box.overlap(Box(left: 30, top: 60, right: 10, bottom: 20)) == 0)
        #expect(box.overlap(Box(left: .nan, top: 0, right: 1, bottom: 1)) == 0)
    }

    @Test("covers the same part of the picture after it is converted to another picture size")
    func scaling() {
        let scaled = box.scaled(from: PictureSize(width: 100, height: 100), to: PictureSize(width: 50, height: 200))
        #expect(scaled == Box(left: 5, top: 40, right: 15, bottom: 120))
    }

    @Test("has its foot, where an object stands on the ground, in the middle of the lower edge")
    func foot() {
        #expect(box.foot == Point(x: 20, y: 60))
        #expect(PictureSize(width: 40, height: 240).fraction(box.foot) == Point(x: 0.5, y: 0.25))
    }
}
