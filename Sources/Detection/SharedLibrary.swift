import Glibc
import Linux
import SystemPackage

/// A library loaded at run time (dlopen(3)); it stays loaded unless it is closed.
struct SharedLibrary {
    /// The path or name given to dlopen(3).
    let path: String
    // The handle is stored as a number, since it is only passed back to dlsym(3) and dlclose(3).
    private let handle: UInt

    /// Loads ONNX Runtime after a probe in another process.
    ///
    /// - Parameters:
    ///   - path: A path, or a name to search in the dynamic linker's path.
    ///   - prober: The program that probes libraries; nil for no probe.
    /// - Throws: Why the library cannot be used.
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

    /// Unloads an unused library, so that another file of the same name can be loaded.
    ///
    /// While it is loaded, dlopen(3) returns it for its name, even if the file has been replaced.
    func close() {
        if let handle = unsafe UnsafeMutableRawPointer(bitPattern: handle) { _ = unsafe dlclose(handle) }
    }

    /// Returns the address of a function, or nil if the library does not export it.
    @unsafe
    func function(_ name: String) -> UnsafeMutableRawPointer? {
        unsafe dlsym(UnsafeMutableRawPointer(bitPattern: handle), name)
    }

    /// Why a library cannot be loaded.
    enum LoadingFailure: Error {
        /// The dynamic linker's error message.
        case refused(String)
        /// Loading it crashed or hung the probe.
        case damaged(String)
        /// It is not the expected library.
        case other(String)
    }
}
