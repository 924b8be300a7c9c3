extension MutableRawSpan {
    /// Copies `bytes` to `offset`; the span must have room for them.
    public mutating func copy(_ bytes: RawSpan, at offset: Int = 0) {
        precondition(offset >= 0 && bytes.byteCount <= byteCount - offset)
        unsafe withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset...]).copyMemory(from: source)
            }
        }
    }

    /// Copies `bytes` to `offset`; the span must have room for them.
    public mutating func copy(_ bytes: [UInt8], at offset: Int = 0) {
        unsafe copy(bytes.span.bytes, at: offset)
    }
}

extension [UInt8] {
    /// Appends a copy of `bytes`.
    public mutating func append(contentsOf bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }

    /// Calls `body` with the bytes.
    public func withRawSpan<Value, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try body(unsafe span.bytes)
    }

    /// Calls `body` with the bytes, which it may change.
    public mutating func withMutableRawSpan<Value, Failure: Error>(
        _ body: (inout MutableRawSpan) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var elements = mutableSpan
        var bytes = unsafe elements.mutableBytes
        return try body(&bytes)
    }
}
