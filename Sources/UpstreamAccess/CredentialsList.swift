public import Curl
import Linux
public import Names
public import SystemPackage

/// The credentials for all upstreams, which are read from a file or an environment variable.
///
/// A line `user:password` is used for every upstream, and a line `NAME=user:password` only for the camera of that name.
/// Empty lines and lines that begin with `#` are ignored. A password may contain any character except a line break.
public struct CredentialsList: Sendable, Equatable {
    private var byCamera: [CameraName: Credentials] = [:]
    private var common: Credentials?

    /// The cameras that have their own credentials, sorted by name.
    public var cameras: [CameraName] { byCamera.keys.sorted() }

    /// Creates an empty list.
    public init() {}

    /// Parses a list.
    ///
    /// - Parameters:
    ///   - text: The lines of the list.
    ///   - origin: The name of the file or variable, for error messages.
    /// - Throws: An error whose message contains the line number, but never the line's content.
    public init(parsing text: String, origin: String) throws(UpstreamError) {
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            guard let first = line.first, first != "#", !line.allSatisfy(\.isWhitespace) else { continue }
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw UpstreamError(
                    "line \(index + 1) of \(origin) has no user name followed by a colon: write user:password or "
                        + "NAME=user:password")
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

    /// Reads a file, which must not be readable by other users.
    public init(file: FilePath) throws(UpstreamError) {
        let isPublic: Bool
        let bytes: [UInt8]
        do throws(SystemError) {
            isPublic = try FileStatus(at: file).permissions & 0o007 != 0
            bytes = try File.contents(of: file, maximumByteCount: 64 << 10)
        } catch {
            throw UpstreamError(
                "the credentials file cannot be read (\(error)): specify a file that this user may read")
        }
        if isPublic {
            throw UpstreamError("the credentials file \(file) is accessible to all users: run chmod 600 \(file)")
        }
        try self.init(parsing: String(decoding: bytes, as: UTF8.self), origin: "\(file)")
    }

    /// Returns the camera's own credentials, or the credentials for all upstreams if the camera has none.
    ///
    /// Returns nil if the list contains neither.
    public func credentials(for camera: CameraName) -> Credentials? {
        byCamera[camera] ?? common
    }
}
