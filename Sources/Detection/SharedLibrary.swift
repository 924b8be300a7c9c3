import Glibc
import Linux

/// A library that is loaded while the program runs (dlopen(3)), and stays loaded unless it is closed.
struct SharedLibrary {
    /// What dlopen(3) was given, or the file that it found for a bare name.
    let path: String
    // A handle is a number to dlsym(3); nothing is read through it here.
    private let handle: UInt

    /// Loads `path`; a name without a slash is looked for where the system's linker looks.
    ///
    /// - Parameters:
    ///   - path: A file or a name.
    ///   - function: What it is to have, and what `isFit` gets; both are tried in another process first.
    ///   - isFit: Whether it is what is wanted.
    /// - Throws: What is wrong with it.
    init(_ path: String, with function: String, isFit: LibraryTrial.Check) throws(LoadingFailure) {
        switch unsafe LibraryTrial.outcome(loading: path, function: function, isFit: isFit) {
        case .fit, .refused, .untried: break
        case .lacksFunction: throw .other("it has no \(function)")
        case .unfit: throw .other("its \(function) gives nothing")
        case .harmful(let end): throw .damaged("\(path) is cut or damaged (\(end))")
        }
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let text = unsafe dlerror().map { unsafe String(cString: $0) } ?? "unknown error"
            throw .refused(text)
        }
        self.handle = UInt(bitPattern: handle)
        self.path = path
    }

    /// Unloads a library of which nothing is used, so that another file of the same name can be loaded.
    ///
    /// While it is loaded, dlopen(3) gives this one for its name, whatever has been installed there meanwhile.
    func close() {
        if let handle = unsafe UnsafeMutableRawPointer(bitPattern: handle) { _ = unsafe dlclose(handle) }
    }

    /// The address of the function `name`, or nil when the library has none.
    @unsafe
    func function(_ name: String) -> UnsafeMutableRawPointer? {
        unsafe dlsym(UnsafeMutableRawPointer(bitPattern: handle), name)
    }

    /// Why a library cannot be loaded.
    enum LoadingFailure: Error {
        /// The linker's own words.
        case refused(String)
        /// It would have ended the process.
        case damaged(String)
        /// It is another library than is wanted.
        case other(String)
    }
}
