import CTurboJPEG

/// Owns a handle of libturbojpeg, which keeps its tables and buffers from picture to picture.
@safe
struct Codec: ~Copyable {
    private let handle: tjhandle

    /// Opens a handle by `tjInitCompress`, `tjInitDecompress` or `tjInitTransform`.
    init(_ operation: String, _ create: () -> tjhandle?) throws(TurboJPEGError) {
        guard let handle = unsafe create() else { throw unsafe TurboJPEGError(operation, Self.text(of: nil)) }
        unsafe self.handle = handle
    }

    deinit {
        unsafe _ = tjDestroy(handle)
    }

    /// Calls libturbojpeg; a warning (damaged but usable data) is returned, an error is thrown.
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
