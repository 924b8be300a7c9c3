/// Why a program ended, as a number for scripts and for systemd (sysexits.h).
public enum ExitStatus: Int32, Sendable {
    /// `EX_USAGE`: an option that does not exist or a value that it cannot take.
    case usage = 64
    /// `EX_NOINPUT`: an input file that is not there.
    case noInput = 66
    /// `EX_UNAVAILABLE`: something needed is in use or not running.
    case unavailable = 69
    /// `EX_SOFTWARE`: a fault of the program itself.
    case software = 70
    /// `EX_OSERR`: the system refused something that it always has, such as a thread.
    case osError = 71
    /// `EX_CANTCREAT`: a file, socket or shared memory that cannot be made.
    case cannotCreate = 73
    /// `EX_IOERR`: reading or writing failed.
    case ioError = 74
    /// `EX_TEMPFAIL`: worth another try later.
    case temporaryFailure = 75
    /// `EX_NOPERM`: the user may not do that.
    case noPermission = 77
    /// `EX_CONFIG`: a configuration that cannot work.
    case configuration = 78
}

/// The reason a program cannot go on, as one sentence for people: the thing, the cause, the remedy.
public struct Failure: Error, Equatable, CustomStringConvertible, Sendable {
    public let status: ExitStatus
    public let description: String

    public init(_ status: ExitStatus, _ sentence: String) {
        self.status = status
        description = sentence
    }

    /// Takes over a status that came as a number; one that sysexits.h does not know becomes `.software`.
    public init(rawStatus: Int32, _ sentence: String) {
        self.init(ExitStatus(rawValue: rawStatus) ?? .software, sentence)
    }
}
