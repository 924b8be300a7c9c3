import SharedFrame

/// The picture that viewers get while there is none of the camera.
enum OutagePicture {
    /// A JPEG that says what is wrong, in the size of the camera's last frame; nil where it cannot be made.
    static func draw(_ outage: Outage, camera: CameraName, _ status: RingStatus?) -> [UInt8]? {
        nil
    }
}
