import Linux
import SystemPackage
import TestSupport
import TurboJPEG

@testable import Detection

/// The files of the detector on this machine.
///
/// Tests that need a missing file are skipped.
enum Installed {
    private static let folder = FilePath(#filePath).removingLastComponent()
    private static let checkout = folder.removingLastComponent().removingLastComponent()

    /// A model of 14 kB that finds one "dog" in the upper half of each picture.
    ///
    /// The confidence of its result is 0.9 times the picture's brightness, which is 0 to 1.
    static let stub = folder.appending("Models/stub_yolox_32.onnx")

    /// The path of ONNX Runtime, from `ORIEL_ONNXRUNTIME` or scripts/get-detector, or nil if it cannot be loaded.
    static let runtime: String? = {
        let here = checkout.appending(".detector/lib/libonnxruntime.so.1")
        let path = Environment.value("ORIEL_ONNXRUNTIME") ?? (isThere(here) ? "\(here)" : nil)
        return try? InferenceRuntime(path: path).path
    }()

    /// The program that loads a library in a child process, to check whether it is safe.
    static let prober = (try? ChildProcess.buildFolder()).map { FilePath($0).appending("detect-fcgi") }

    /// The real model, from `ORIEL_MODEL` or scripts/get-detector, or nil if there is none.
    static let model: FilePath? = {
        let path =
            Environment.value("ORIEL_MODEL").map { FilePath($0) } ?? checkout.appending(".detector/models/model.onnx")
        return isThere(path) ? path : nil
    }()

    private static func isThere(_ path: FilePath) -> Bool { (try? FileStatus(at: path)) != nil }

    static func detector(_ model: FilePath = stub, labels: FilePath? = nil) throws -> Detector {
        try Detector(DetectorConfiguration(runtime: runtime, model: model, labels: labels))
    }
}

/// Returns a JPEG in which all pixels have the grey value `shade`.
func greyJPEG(_ shade: UInt8, width: Int = 64, height: Int = 64) throws -> [UInt8] {
    let pixels = [UInt8](repeating: shade, count: width * height * 3)
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

extension Detector {
    func detect(_ jpeg: [UInt8], isTruncationAllowed: Bool = false) throws(DetectionError) -> Detection {
        try jpeg.withRawSpan { bytes throws(DetectionError) in
            try detect(bytes, isTruncationAllowed: isTruncationAllowed)
        }
    }
}
