/// Memory for planes, which is reused for the next picture.
@safe
struct PlaneBuffer: ~Copyable {
    private var memory: UnsafeMutableRawBufferPointer

    init() {
        unsafe memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 64)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// Returns memory of at least `byteCount` bytes.
    ///
    /// Its contents are unspecified.
    @unsafe
    mutating func reserve(_ byteCount: Int) -> UnsafeMutablePointer<UInt8> {
        if unsafe memory.count < byteCount {
            unsafe memory.deallocate()
            unsafe memory = .allocate(byteCount: byteCount, alignment: 64)
        }
        return unsafe memory.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
    }
}

/// The addresses and line lengths of a picture's planes.
@safe
struct Planes {
    var luma: UnsafePointer<UInt8>
    var blueDifference: UnsafePointer<UInt8>?
    var redDifference: UnsafePointer<UInt8>?
    var lumaStride: Int
    var chromaStride: Int
}
