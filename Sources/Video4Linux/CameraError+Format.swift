import SystemPackage

extension CameraError {
    init(noUsableFormat path: FilePath, _ request: CaptureRequest, _ offered: [Format]) {
        let names = offered.map(\.pixelFormat).filter(\.isUsable).map(\.name).joined(separator: ", ")
        if let wanted = request.pixelFormat, !names.isEmpty {
            self.init(
                .noUsableFormat, "\(path) has no format \(wanted) that can be used: choose \(names) or auto")
        } else {
            let all = offered.map(\.pixelFormat.characters).joined(separator: ", ")
            let offer = all.isEmpty ? "no format at all" : "only \(all)"
            self.init(.noUsableFormat, "\(path) has no usable format (it offers \(offer)): choose another --device")
        }
    }
}
