import Linux
import SystemPackage

/// Where ONNX Runtime may be: as scripts/get-detector and Debian install it.
public enum RuntimeSearch {
    /// Names and paths to try, in this order.
    public static func candidates() -> [String] {
        var candidates = ["libonnxruntime.so.1", "libonnxruntime.so"]
        for folder in ["/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"] {
            let names = Folder.names(in: FilePath(folder)).filter { $0.hasPrefix("libonnxruntime.so") }
            candidates += names.sorted().reversed().map { "\(folder)/\($0)" }
        }
        return candidates
    }
}
