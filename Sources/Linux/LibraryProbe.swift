import CLinux

/// Tests in a child process whether a library can be loaded.
public enum LibraryProbe {
    /// The result of a test.
    public enum Outcome: Equatable, Sendable {
        /// The library is suitable.
        case fit
        /// dlopen(3) fails; calling it in this process returns the reason.
        case refused
        /// The library lacks the function.
        case lacksFunction
        /// The check rejected the library.
        case unfit
        /// Loading it killed or hung the child process, as described.
        case harmful(String)
        /// The child process could not be started.
        case untried
    }

    /// Checks the function of a library; runs in the child process, which it may crash.
    public typealias Check = @convention(c) (UnsafeMutableRawPointer) -> Bool

    /// The timeout in seconds.
    private static let timeoutSeconds: CUnsignedInt = 10

    /// Loads the library with dlopen(3) in a child process, which then exits.
    ///
    /// Loading a truncated library crashes the process when a page beyond its end is touched, and any library runs its
    /// own code when it is loaded.
    ///
    /// - Parameters:
    ///   - path: The library, as passed to dlopen(3).
    ///   - function: The function that the library must have.
    ///   - isFit: Checks the function.
    /// - Returns: The result of the test.
    public static func outcome(loading path: String, function: String, isFit: Check) -> Outcome {
        let status = unsafe linux_try_library(path, function, isFit, timeoutSeconds)
        guard status >= 0 else { return .untried }
        // wait(2): the signal in the lowest seven bits, the exit status above them.
        let (signal, code) = (status & 0x7f, status >> 8 & 0xff)
        if signal == SIGALRM { return .harmful("loading it hangs") }
        if signal != 0 { return .harmful("loading it kills the process with signal \(signal)") }
        switch Int(code) {
        case linux_trial_fit: return .fit
        case linux_trial_refused: return .refused
        case linux_trial_lacking: return .lacksFunction
        case linux_trial_unfit: return .unfit
        default: return .harmful("loading it exits the process with status \(code)")
        }
    }
}
