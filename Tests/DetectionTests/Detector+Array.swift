import Linux

@testable import Detection

extension Detector {
    func detect(_ jpeg: [UInt8], isTruncationAllowed: Bool = false) throws(DetectionError) -> Detection {
        try jpeg.withRawSpan { bytes throws(DetectionError) in
            try detect(bytes, isTruncationAllowed: isTruncationAllowed)
        }
    }
}
