import Glibc
import Linux
import SystemPackage

/// A library that was loaded at run time with dlopen(3).
///
/// It stays loaded until ``close()`` is called.
struct SharedLibrary {
    /// The path or name that was passed to dlopen(3).
    let path: String
    // The handle is stored as a number, because it is only passed to dlsym(3) and dlclose(3).
    private let handle: UInt

    /// Loads ONNX Runtime, after testing it in another process.
    ///
    /// - Parameters:
    ///   - path: The path of the library, or a name that the dynamic linker searches for in its path.
    ///   - prober: The program that tests libraries; nil means that the library is loaded without a test.
    /// - Throws: An error that says why the library cannot be used.
    init(_ path: String, prober: FilePath?) throws(LoadingFailure) {
        let function = InferenceRuntime.entryName
        switch RuntimeProbe.outcome(of: path, program: prober) {
        case .fit, .refused, .untried: break
        case .lacksFunction: throw .other("it does not export \(function)")
        case .unfit: throw .other("its \(function) does not return a valid API")
        case .harmful(let end): throw .damaged("\(path) is truncated or damaged (\(end))")
        }
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let text = unsafe dlerror().map { unsafe String(cString: $0) } ?? "unknown error"
            throw .refused(text)
        }
        self.handle = UInt(bitPattern: handle)
        self.path = path
    }

    /// Unloads a library that is not used, so that another file of the same name can be loaded.
    ///
    /// As long as a library is loaded, dlopen(3) returns it for its name, even if the file has been replaced.
    func close() {
        if let handle = unsafe UnsafeMutableRawPointer(bitPattern: handle) { _ = unsafe dlclose(handle) }
    }

    /// Returns the address of a function; nil if the library does not export it.
    @unsafe
    func function(_ name: String) -> UnsafeMutableRawPointer? {
        unsafe dlsym(UnsafeMutableRawPointer(bitPattern: handle), name)
    }

    /// The reason why a library cannot be loaded.
    enum LoadingFailure: Error {
        /// dlopen(3) failed, and dlerror(3) returned this message.
        case refused(String)
        /// Loading the library made the test process crash, exit or hang.
        case damaged(String)
        /// The library is not ONNX Runtime, for this reason.
        case other(String)
    }
}
