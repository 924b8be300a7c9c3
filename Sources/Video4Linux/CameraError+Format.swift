import SystemPackage

extension CameraError {
    init(noUsableFormat path: FilePath, _ request: CaptureRequest, _ offered: [Format]) {
        let names = offered.map(\.pixelFormat.name).joined(separator: ", ")
        let offer = names.isEmpty ? "it offers no format at all" : "it offers \(names)"
        if let wanted = request.pixelFormat {
            self.init(.noUsableFormat, "\(path) has no format \(wanted): \(offer); choose one of them or --format auto")
        } else {
            self.init(.noUsableFormat, "\(path) has no usable format: \(offer); choose another --device")
        }
    }
}
