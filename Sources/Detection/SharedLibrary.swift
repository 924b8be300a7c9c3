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
    /// Throws the linker's own words, or what a library that would end the process has to hear.
    init(_ path: String) throws(LoadingFailure) {
        if let signal = LibraryTrial.fatalSignal(loading: path) {
            throw LoadingFailure(
                description: "\(path) is cut or damaged (loading it ends a process by signal \(signal))", isFatal: true)
        }
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let text = unsafe dlerror().map { unsafe String(cString: $0) } ?? "unknown error"
            throw LoadingFailure(description: text, isFatal: false)
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
    struct LoadingFailure: Error, CustomStringConvertible {
        let description: String
        /// Whether the library is there, and would have killed the process.
        let isFatal: Bool
    }
}
