public import Curl
import Linux
public import Names
public import SystemPackage

/// The credentials of all upstreams, from a file or an environment variable.
///
/// Each line is `user:password`, meant for every upstream, or `NAME=user:password`, meant for the camera of that
/// name. Empty lines and lines that begin with `#` are skipped. A password may contain any character but a line end.
public struct CredentialsList: Sendable, Equatable {
    private var byCamera: [CameraName: Credentials] = [:]
    private var common: Credentials?

    /// The cameras that have credentials of their own, by name.
    public var cameras: [CameraName] { byCamera.keys.sorted() }

    /// No credentials at all.
    public init() {}

    /// Takes the lines of `text`; throws a sentence that names the line, never what stands in it.
    ///
    /// `origin` is where the text is from, for that sentence.
    public init(parsing text: String, origin: String) throws(UpstreamError) {
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            guard let first = line.first, first != "#", !line.allSatisfy(\.isWhitespace) else { continue }
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw UpstreamError(
                    "Line \(index + 1) of \(origin) has no colon after a user name: write user:password or "
                        + "NAME=user:password.")
            }
            let password = String(line[line.index(after: colon)...])
            let owner = line[..<colon]
            if let sign = owner.firstIndex(of: "="), let camera = CameraName(owner[..<sign]) {
                byCamera[camera] = Credentials(user: String(owner[owner.index(after: sign)...]), password: password)
            } else {
                common = Credentials(user: String(owner), password: password)
            }
        }
    }

    /// Reads a file that only its owner and group may read.
    public init(file: FilePath) throws(UpstreamError) {
        let isPublic: Bool
        let bytes: [UInt8]
        do throws(SystemError) {
            isPublic = try FileStatus(at: file).permissions & 0o007 != 0
            bytes = try File.contents(of: file, maximumByteCount: 64 << 10)
        } catch {
            throw UpstreamError("The credentials file cannot be read (\(error)): give a file that this user may read.")
        }
        if isPublic {
            throw UpstreamError("The credentials file \(file) is open to every user of this machine: chmod 600 \(file)")
        }
        try self.init(parsing: String(decoding: bytes, as: UTF8.self), origin: "\(file)")
    }

    /// Those for `camera`: its own, else the common ones, else none.
    public func credentials(for camera: CameraName) -> Credentials? {
        byCamera[camera] ?? common
    }
}
