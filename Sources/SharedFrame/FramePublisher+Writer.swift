extension FramePublisher {
    /// Identifies this writer, as ``RingStatus/writer`` does.
    ///
    /// The value changes when the ring grows or is created again.
    public var writer: RingWriter { ring.memory.writer }
}
