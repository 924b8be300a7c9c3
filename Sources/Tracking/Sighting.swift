/// One object in the result of a detector.
public struct Sighting: Hashable, Sendable {
    /// The index of the class in the model's list.
    public var classID: Int
    /// The confidence of the detector, 0 to 1.
    public var score: Double
    public var box: Box

    public init(classID: Int, score: Double, box: Box) {
        self.classID = classID
        self.score = score
        self.box = box
    }
}
