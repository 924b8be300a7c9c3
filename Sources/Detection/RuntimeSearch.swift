import Linux
public import SystemPackage

/// The places where scripts/get-detector and Debian install ONNX Runtime.
public enum RuntimeSearch {
    /// The cache of the dynamic linker, which ldconfig(8) writes.
    static let linkerCache = "/etc/ld.so.cache"

    /// Returns the names and paths of libraries to try, in order.
    ///
    /// - Parameter folder: The folder in which scripts/get-detector installs the library; nil if it is unknown.
    /// - Returns: Paths, and names without a slash, for which the dynamic linker searches its path.
    public static func candidates(folder: FilePath? = nil) -> [String] {
        var candidates = folder.map { ["\($0.appending("lib/libonnxruntime.so.1"))"] } ?? []
        candidates += ["libonnxruntime.so.1", "libonnxruntime.so"]
        for folder in ["/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"] {
            let names = Folder.names(in: FilePath(folder)).filter { $0.hasPrefix("libonnxruntime.so") }
            candidates += names.sorted().reversed().map { "\(folder)/\($0)" }
        }
        return candidates
    }
}
