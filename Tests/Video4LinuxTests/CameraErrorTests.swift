import Linux
import SystemPackage
import Testing

@testable import Video4Linux

@Suite("CameraError")
struct CameraErrorTests {
    @Test(
        "if a camera cannot be opened, the error has the reason and the remedy",
        arguments: [
            (Errno.noSuchFileOrDirectory, CameraError.Reason.notFound, "choose another --device"),
            (.permissionDenied, .noPermission, "usermod -aG video"), (.resourceBusy, .busy, "another program"),
            (.tooManyOpenFiles, .failed, "Too many open files"),
        ])
    func opening(errno: Errno, reason: CameraError.Reason, words: String) {
        let error = CameraError(opening: "/dev/video7", SystemError("open", "/dev/video7", errno))
        #expect(error.reason == reason)
        #expect(error.description.hasPrefix("/dev/video7 "))
        #expect(error.description.contains(words))
    }

    @Test(
        "if a request to the driver fails, the error has the reason and the remedy",
        arguments: [
            (Errno.resourceBusy, CameraError.Reason.busy, "close that program or choose another --device"),
            (.noSpace, .noBandwidth, "smaller --size"), (.operationNotSupportedByDevice, .lost, "cable"),
            (.ioError, .lost, "cable"), (.invalidArgument, .failed, "VIDIOC_S_FMT"),
        ])
    func requests(errno: Errno, reason: CameraError.Reason, words: String) {
        let error = CameraError("/dev/video7", SystemError("VIDIOC_S_FMT", "/dev/video7", errno))
        #expect(error.reason == reason)
        #expect(error.description.hasPrefix("/dev/video7 "))
        #expect(error.description.contains(words))
    }

    @Test("if a device node is missing or is not a camera, the error says so")
    func notCameras() throws {
        #expect(throws: CameraError(.notCamera, "/dev/null is not a Video4Linux device: choose another --device")) {
            try Camera("/dev/null")
        }
        let error = #expect(throws: CameraError.self) { try Camera("/dev/oriel-none") }
        #expect(error?.reason == .notFound)
    }

    @Test("if a format cannot be used, the error names the usable formats, or all offered formats if none is usable")
    func formats() {
        let offered = [
            Format(pixelFormat: .yuyv, text: "", isCompressed: false, sizes: .unknown),
            Format(pixelFormat: PixelFormat(code: 0x3436_3248), text: "", isCompressed: true, sizes: .unknown),
        ]
        let explicit = CameraError(noUsableFormat: "/dev/video0", CaptureRequest(pixelFormat: .mjpeg), offered)
        #expect(explicit.description == "/dev/video0 has no format mjpeg that can be used: choose yuyv or auto")
        let nothing = CameraError(noUsableFormat: "/dev/video0", CaptureRequest(), [offered[1]])
        #expect(nothing.description.contains("it offers only H264"))
        #expect(nothing.reason == .noUsableFormat)
    }
}
