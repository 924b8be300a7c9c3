/// A detected object.
public struct Prediction: Equatable, Sendable {
    /// A box within a picture, in pixels from the picture's top left corner.
    public struct Box: Equatable, Sendable {
        public var left: Int
        public var top: Int
        /// The first column to the right of the box.
        public var right: Int
        /// The first line below the box.
        public var bottom: Int

        public init(left: Int, top: Int, right: Int, bottom: Int) {
            self.left = left
            self.top = top
            self.right = right
            self.bottom = bottom
        }
    }

    /// The index of the class in the model's list of classes.
    public var classID: Int
    /// The name of the class, such as `dog`.
    public var label: String
    /// The confidence, from 0 to 1.
    public var confidence: Float
    public var box: Box

    public init(classID: Int, label: String, confidence: Float, box: Box) {
        self.classID = classID
        self.label = label
        self.confidence = confidence
        self.box = box
    }
}

/// The result of detecting objects in one picture.
public struct Detection: Sendable {
    /// The detected objects, beginning with the most confident one.
    ///
    /// Each has a confidence of at least ``YOLOX/minimumConfidence``. There are at most
    /// ``YOLOX/maximumPredictionCount`` of them.
    public var predictions: [Prediction]
    /// The width of the picture in pixels.
    public var width: Int
    /// The height of the picture in pixels.
    public var height: Int
    /// The width of the network's input in pixels.
    public var inputWidth: Int
    /// The height of the network's input in pixels.
    public var inputHeight: Int
    /// The time that the inference has taken.
    public var inferenceNanoseconds: UInt64
    /// The time that the whole detection has taken, including decoding the picture.
    public var processNanoseconds: UInt64
    /// The decoder's warning if the picture is damaged but was processed anyway; otherwise nil.
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
