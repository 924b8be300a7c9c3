import Testing

@testable import Video4Linux

@Suite("CameraIdentity")
struct CameraIdentityTests {
    private func usb(_ serial: String?, port: String, product: String = "046d:082d", index: Int = 0) -> CameraIdentity {
        CameraIdentity(
            product: product, serial: serial, port: port, interface: "1.0", index: index, bus: "", name: "Camera")
    }

    @Test("a camera with a serial number is recognized at any port, and matches best at its own port")
    func serial() {
        let camera = usb("A1", port: "1-1")
        let elsewhere = camera.likeness(to: usb("A1", port: "2-4"))
        #expect(elsewhere > 0)
        #expect(camera.likeness(to: camera) > elsewhere)
        #expect(camera.likeness(to: usb("B2", port: "1-1")) == 0)
        #expect(camera.likeness(to: usb("A1", port: "1-1", product: "1234:5678")) == 0)
    }

    @Test("a camera without a serial number is recognized by its port and model")
    func port() {
        let camera = usb(nil, port: "1-1")
        #expect(camera.likeness(to: camera) > 0)
        #expect(camera.likeness(to: usb(nil, port: "1-2")) == 0)
        #expect(camera.likeness(to: usb(nil, port: "1-1", product: "1234:5678")) == 0)
    }

    @Test("another device node of the same camera, such as the one for metadata, does not match")
    func index() {
        #expect(usb("A1", port: "1-1").likeness(to: usb("A1", port: "1-1", index: 1)) == 0)
    }

    @Test("a camera on a bus other than USB is recognized by its position on the bus, or not at all without a position")
    func platform() {
        func device(_ port: String?) -> CameraIdentity {
            CameraIdentity(product: nil, serial: nil, port: port, interface: nil, index: 0, bus: "x", name: "vivid")
        }
        #expect(device("vivid.0").likeness(to: device("vivid.0")) > 0)
        #expect(device("vivid.0").likeness(to: device("vivid.1")) == 0)
        #expect(device(nil).likeness(to: device(nil)) == 0)
    }
}
