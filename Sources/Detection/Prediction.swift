/// An object that was found in a picture.
public struct Prediction: Equatable, Sendable {
    /// Where the object is, in pixels from the picture's top left corner, within the picture.
    public struct Box: Equatable, Sendable {
        public var left: Int
        public var top: Int
        /// One behind the last column and line.
        public var right: Int
        public var bottom: Int

        public init(left: Int, top: Int, right: Int, bottom: Int) {
            self.left = left
            self.top = top
            self.right = right
            self.bottom = bottom
        }
    }

    /// The place of the class in the model's list.
    public var classID: Int
    /// What the class is called, such as `dog`.
    public var label: String
    /// How sure the model is, 0 to 1.
    public var confidence: Float
    public var box: Box

    public init(classID: Int, label: String, confidence: Float, box: Box) {
        self.classID = classID
        self.label = label
        self.confidence = confidence
        self.box = box
    }
}

/// What was found in one picture.
public struct Detection: Sendable {
    /// The most confident first; down to ``YOLOX/leastConfidence``, at most ``YOLOX/mostPredictions``.
    public var predictions: [Prediction]
    /// The picture's size in pixels.
    public var width: Int
    public var height: Int
    /// The size of the network's input, of which the picture fills as much as its shape allows.
    public var inputWidth: Int
    public var inputHeight: Int
    /// Time that the network took, and that all of it took with decoding, in nanoseconds.
    public var inferenceNanoseconds: UInt64
    public var processNanoseconds: UInt64
    /// What the decoder complained of in a damaged picture, of which as much as there is was looked at.
    public var warning: String?

    public init(
        predictions: [Prediction], width: Int, height: Int, inputWidth: Int, inputHeight: Int,
        inferenceNanoseconds: UInt64, processNanoseconds: UInt64, warning: String? = nil
    ) {
        self.predictions = predictions
        self.width = width
        self.height = height
        self.inputWidth = inputWidth
        self.inputHeight = inputHeight
        self.inferenceNanoseconds = inferenceNanoseconds
        self.processNanoseconds = processNanoseconds
        self.warning = warning
    }
}
