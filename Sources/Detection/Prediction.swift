/// A detected object.
public struct Prediction: Equatable, Sendable {
    /// A box in picture pixels from the top left corner, within the picture.
    public struct Box: Equatable, Sendable {
        public var left: Int
        public var top: Int
        /// Right and bottom are exclusive.
        public var right: Int
        public var bottom: Int

        public init(left: Int, top: Int, right: Int, bottom: Int) {
            self.left = left
            self.top = top
            self.right = right
            self.bottom = bottom
        }
    }

    /// The index of the class in the model's list.
    public var classID: Int
    /// The name of the class, such as `dog`.
    public var label: String
    /// The confidence, 0 to 1.
    public var confidence: Float
    public var box: Box

    public init(classID: Int, label: String, confidence: Float, box: Box) {
        self.classID = classID
        self.label = label
        self.confidence = confidence
        self.box = box
    }
}

/// The result for one picture.
public struct Detection: Sendable {
    /// Most confident first, at least ``YOLOX/minimumConfidence``, at most ``YOLOX/maximumPredictionCount``.
    public var predictions: [Prediction]
    /// The picture's size in pixels.
    public var width: Int
    public var height: Int
    /// The size of the network's input.
    public var inputWidth: Int
    public var inputHeight: Int
    /// The time of the inference, and of the whole process including decoding, in nanoseconds.
    public var inferenceNanoseconds: UInt64
    public var processNanoseconds: UInt64
    /// The decoder's warning about a damaged picture that was processed anyway.
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
