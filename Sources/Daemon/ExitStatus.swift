/// The exit status of a program that fails, with the meanings that sysexits.h defines.
public enum ExitStatus: Int32, Sendable {
    /// `EX_USAGE`: an unknown option or an invalid value.
    case usage = 64
    /// `EX_NOINPUT`: an input file does not exist or cannot be read.
    case noInput = 66
    /// `EX_UNAVAILABLE`: something required is in use or not running.
    case unavailable = 69
    /// `EX_SOFTWARE`: an internal error.
    case software = 70
    /// `EX_OSERR`: an operating system error, such as a failure to create a thread.
    case osError = 71
    /// `EX_CANTCREAT`: a file, socket or shared memory object cannot be created.
    case cannotCreate = 73
    /// `EX_IOERR`: reading or writing failed.
    case ioError = 74
    /// `EX_TEMPFAIL`: a temporary failure; retry later.
    case temporaryFailure = 75
    /// `EX_NOPERM`: permission denied.
    case noPermission = 77
    /// `EX_CONFIG`: an invalid configuration.
    case configuration = 78
}

/// The reason why a program cannot continue.
///
/// The description is one sentence for users. It names the file, device or setting, the cause and the remedy.
public struct Failure: Error, Equatable, CustomStringConvertible, Sendable {
    public let status: ExitStatus
    public let description: String

    public init(_ status: ExitStatus, _ sentence: String) {
        self.status = status
        description = sentence
    }

    /// Creates a failure from a numeric status; unknown numbers become `.software`.
    public init(rawStatus: Int32, _ sentence: String) {
        self.init(ExitStatus(rawValue: rawStatus) ?? .software, sentence)
    }
}
