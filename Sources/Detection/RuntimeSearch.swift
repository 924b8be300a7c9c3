import Linux
public import SystemPackage

/// Where ONNX Runtime may be: as scripts/get-detector and Debian install it.
public enum RuntimeSearch {
    /// What ldconfig(8) writes: where the linker finds libraries by their name.
    static let linkerCache = "/etc/ld.so.cache"

    /// Names and paths to try, in this order.
    ///
    /// - Parameter folder: Where scripts/get-detector has put one for this program alone.
    /// - Returns: Names without a slash are looked for where the linker looks.
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
