public import Detection
import Linux
public import SystemPackage
import TestSupport
import TurboJPEG

/// The files of the detector on this machine.
///
/// A test is skipped if a file that it needs is missing.
public enum Installed {
    private static let checkout = FilePath(#filePath).removingLastComponent().removingLastComponent()
        .removingLastComponent()

    /// A model of 14 kB that finds one "dog" in the upper half of each picture.
    ///
    /// The model's confidence is 0.9 times the picture's brightness, which ranges from 0 (black) to 1 (white).
    public static let stub = checkout.appending("Tests/DetectionTests/Models/stub_yolox_32.onnx")

    /// The path of ONNX Runtime, or nil if it cannot be loaded.
    ///
    /// The variable `ORIEL_ONNXRUNTIME` sets this path. Without the variable, the tests use the library that
    /// scripts/get-detector installed in this checkout, or else a library that the machine provides.
    public static let runtime: String? = {
        let here = checkout.appending(".detector/lib/libonnxruntime.so.1")
        let path = Environment.value("ORIEL_ONNXRUNTIME") ?? (isThere(here) ? "\(here)" : nil)
        return try? InferenceRuntime(path: path).path
    }()

    /// The program that loads ONNX Runtime in a child process, to check whether loading it is safe.
    public static let prober = (try? ChildProcess.buildFolder()).map { FilePath($0).appending("detect-fcgi") }

    /// The path of the real model, or nil if there is none.
    ///
    /// The variable `ORIEL_MODEL` sets this path. Without the variable, the tests use the model that
    /// scripts/get-detector installed.
    public static let model: FilePath? = {
        let path =
            Environment.value("ORIEL_MODEL").map { FilePath($0) } ?? checkout.appending(".detector/models/model.onnx")
        return isThere(path) ? path : nil
    }()

    private static func isThere(_ path: FilePath) -> Bool { (try? FileStatus(at: path)) != nil }

    /// Returns a detector with this model, by default the stub.
    public static func detector(_ model: FilePath = stub, labels: FilePath? = nil) throws -> Detector {
        try Detector(DetectorConfiguration(runtime: runtime, model: model, labels: labels))
    }
}

/// Returns a JPEG of pixels with three bytes each: red, green and blue.
public func jpeg(of pixels: [UInt8], width: Int, height: Int) throws -> [UInt8] {
    var encoder = try JPEGEncoder(quality: 90)
    var jpeg = [UInt8](repeating: 0, count: JPEGEncoder.bound(width: width, height: height))
    let count = try pixels.withRawSpan { pixels throws(TurboJPEGError) in
        try jpeg.withMutableRawSpan { output throws(TurboJPEGError) in
            try encoder.encode(
                pixels, layout: .rgb24, width: width, height: height, bytesPerLine: width * 3, into: &output)
        }
    }
    return Array(jpeg.prefix(count))
}

/// Returns a JPEG in which all pixels have the grey value `shade`.
public func greyJPEG(_ shade: UInt8, width: Int = 64, height: Int = 64) throws -> [UInt8] {
    try jpeg(of: [UInt8](repeating: shade, count: width * height * 3), width: width, height: height)
}
