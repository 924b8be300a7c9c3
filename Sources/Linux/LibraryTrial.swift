import CLinux

/// A try at loading a library, where it can do no harm.
public enum LibraryTrial {
    /// What came of it.
    public enum Outcome: Equatable, Sendable {
        /// The library is what is wanted.
        case fit
        /// dlopen(3) refuses it, and will say why.
        case refused
        /// It has no function of that name.
        case lacksFunction
        /// It has one, but another than is wanted.
        case unfit
        /// It ended the process that loaded it, in these words.
        case harmful(String)
        /// No process could be started, so that nothing is known.
        case untried
    }

    /// Looks at the function of a library; called in a process of its own, which it may kill.
    public typealias Check = @convention(c) (UnsafeMutableRawPointer) -> Bool

    /// Seconds after which a library that does not let go is given up.
    private static let longestTime: CUnsignedInt = 10

    /// Loads the library in a process of its own (dlopen(3) there), which ends at once.
    ///
    /// A file that is cut passes for a library until a page behind its end is touched: that kills whoever loads it. And
    /// any library runs code of its own as soon as it is loaded.
    ///
    /// - Parameters:
    ///   - path: As dlopen(3) takes it.
    ///   - function: What it is to have.
    ///   - isFit: Whether that is what is wanted.
    /// - Returns: What came of it.
    public static func outcome(loading path: String, function: String, isFit: Check) -> Outcome {
        let status = unsafe linux_try_library(path, function, isFit, longestTime)
        guard status >= 0 else { return .untried }
        // wait(2): the signal in the lowest seven bits, the exit status above them.
        let (signal, code) = (status & 0x7f, status >> 8 & 0xff)
        if signal == SIGALRM { return .harmful("loading it takes no end") }
        if signal != 0 { return .harmful("loading it ends a process by signal \(signal)") }
        switch Int(code) {
        case linux_trial_fit: return .fit
        case linux_trial_refused: return .refused
        case linux_trial_lacking: return .lacksFunction
        case linux_trial_unfit: return .unfit
        default: return .harmful("loading it ends a process with status \(code)")
        }
    }
}
