/// Memory for planes, kept from picture to picture.
@safe
struct PlaneBuffer: ~Copyable {
    private var memory: UnsafeMutableRawBufferPointer

    init() {
        unsafe memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 64)
    }

    deinit {
        unsafe memory.deallocate()
    }

    /// At least `byteCount` bytes; what they hold is unspecified.
    @unsafe
    mutating func reserve(_ byteCount: Int) -> UnsafeMutablePointer<UInt8> {
        if unsafe memory.count < byteCount {
            unsafe memory.deallocate()
            unsafe memory = .allocate(byteCount: byteCount, alignment: 64)
        }
        return unsafe memory.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt8.self)
    }
}

/// Where the planes of a picture are and how long their lines are.
@safe
struct Planes {
    var luma: UnsafePointer<UInt8>
    var blueDifference: UnsafePointer<UInt8>?
    var redDifference: UnsafePointer<UInt8>?
    var lumaStride: Int
    var chromaStride: Int
}
