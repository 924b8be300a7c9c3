import Glibc
import Linux
import SystemPackage

/// Loads ONNX Runtime in a short-lived process first.
///
/// A truncated library passes for a library until a page beyond its end is touched, which kills the process that loaded
/// it. And any library runs code of its own as soon as it is loaded. The process is a new one of the program itself:
/// after fork(2), a process with threads may only make async-signal-safe calls, and dlopen(3) is not one.
public enum RuntimeProbe {
    /// The hidden argument with which a program runs ``run(_:)``; the path follows.
    public static let argument = "--probe-runtime"

    /// The result of a probe.
    enum Outcome: Equatable {
        /// The library is ONNX Runtime.
        case fit
        /// dlopen(3) refuses it, and will say why.
        case refused
        /// It does not export the entry point.
        case lacksFunction
        /// It exports one, but of another library.
        case unfit
        /// It ended the process that loaded it, in these words.
        case harmful(String)
        /// No process could be started.
        case untried
    }

    private enum Status {
        static let fit: CInt = 100
        static let refused: CInt = 101
        static let lacksFunction: CInt = 102
        static let unfit: CInt = 103
    }

    /// After how long a library that has not been loaded counts as hanging.
    private static let timeout: Duration = .seconds(10)

    /// The body of the short-lived process.
    ///
    /// - Parameter path: A path, or a name to search in the dynamic linker's path.
    public static func run(_ path: String) -> Never {
        Signals.endAtOnceOnCrash()
        // A crash is expected and leaves no core.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        guard let library = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else { _exit(Status.refused) }
        guard let entry = unsafe dlsym(library, InferenceRuntime.entryName) else { _exit(Status.lacksFunction) }
        _exit(unsafe InferenceRuntime.isRuntime(entry) ? Status.fit : Status.unfit)
    }

    /// Probes a library.
    ///
    /// - Parameters:
    ///   - path: As for ``run(_:)``.
    ///   - program: The program that takes ``argument``; nil for no probe.
    /// - Returns: The result.
    static func outcome(of path: String, program: FilePath?) -> Outcome {
        guard let program, let null = try? Descriptor(opening: "/dev/null", flags: O_RDWR),
            let child = try? ChildProcesses.start(
                Command(program, [argument, path]),
                streams: .init(input: null.number, output: null.number, error: null.number), deathSignal: SIGKILL)
        else { return .untried }
        let deadline = Instant.now + timeout
        let ending = ChildProcesses.wait(for: child, timeout: timeout)
        switch ending {
        case .status(Status.fit): return .fit
        case .status(Status.refused): return .refused
        case .status(Status.lacksFunction): return .lacksFunction
        case .status(Status.unfit): return .unfit
        case .signal where Instant.now >= deadline: return .harmful("loading it hangs")
        case .signal(let number): return .harmful("loading it kills the process with signal \(number)")
        case .status(let status): return .harmful("loading it exits the process with status \(status)")
        }
    }
}
