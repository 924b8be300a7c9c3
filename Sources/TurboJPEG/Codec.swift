import CTurboJPEG

/// Owns a libturbojpeg handle.
///
/// The handle keeps its tables and buffers for the next picture.
@safe
struct Codec: ~Copyable {
    private let handle: tjhandle

    /// Creates a handle with `tjInitCompress`, `tjInitDecompress` or `tjInitTransform`.
    init(_ operation: String, _ create: () -> tjhandle?) throws(TurboJPEGError) {
        guard let handle = unsafe create() else { throw unsafe TurboJPEGError(operation, Self.text(of: nil)) }
        unsafe self.handle = handle
    }

    deinit {
        unsafe _ = tjDestroy(handle)
    }

    /// Calls a function of libturbojpeg; throws the library's error if the function fails.
    ///
    /// Returns the library's warning if the data was damaged but usable, and nil otherwise.
    @discardableResult
    borrowing func call(
        _ operation: @autoclosure () -> String, _ body: (tjhandle) -> CInt
    ) throws(TurboJPEGError) -> String? {
        guard unsafe body(handle) != 0 else { return nil }
        let reason = unsafe Self.text(of: handle)
        guard unsafe tjGetErrorCode(handle) == CInt(TJERR_WARNING.rawValue) else {
            throw TurboJPEGError(operation(), reason)
        }
        return reason
    }

    private static func text(of handle: tjhandle?) -> String {
        guard let text = unsafe tjGetErrorStr2(handle) else { return "unknown error" }
        return unsafe String(cString: text)
    }
}
