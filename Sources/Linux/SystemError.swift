import Glibc
public import SystemPackage

/// A failed system call.
public struct SystemError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The call's name in C, such as `open`.
    public let call: String
    /// The object of the call, such as a path; may be empty.
    public let subject: String
    public let errno: Errno

    public init(_ call: String, _ subject: String, _ errno: Errno) {
        self.call = call
        self.subject = subject
        self.errno = errno
    }

    public var description: String { "\(call) \(subject): \(errno)" }
}

/// Repeats a system call while signals interrupt it.
public func retryingOnInterrupt<Value: FixedWidthInteger>(_ call: () -> Value) -> Result<Value, Errno> {
    while true {
        let value = call()
        if value != -1 { return .success(value) }
        let error = Errno.current
        if error != .interrupted { return .failure(error) }
    }
}

/// Makes a system call on `subject`, repeating it if a signal interrupts it; throws if it fails.
@discardableResult
public func systemCall<Value: FixedWidthInteger>(
    _ name: String, _ subject: @autoclosure () -> String, _ call: () -> Value
) throws(SystemError) -> Value {
    switch retryingOnInterrupt(call) {
    case .success(let value): return value
    case .failure(let errno): throw SystemError(name, subject(), errno)
    }
}

extension Errno {
    /// The reason why the last failed system call on this thread failed.
    public static var current: Errno { Errno(rawValue: Glibc.errno) }
}
