import Glibc
import Linux
import SystemPackage

/// Tests in a short-lived process whether ONNX Runtime can be loaded, before the program loads it itself.
///
/// A truncated library can often be loaded, but it kills the process as soon as code accesses a page beyond the end of
/// the file. In addition, any library may run code of its own when it is loaded. The short-lived process runs the same
/// program again. A mere fork could not test the library, because after fork(2) a process with several threads may
/// make only async-signal-safe calls, and dlopen(3) is not async-signal-safe.
public enum RuntimeProbe {
    /// The hidden command-line argument that makes the program call ``run(_:)`` with the path in the next argument.
    public static let argument = "--probe-runtime"

    /// The result of a probe.
    enum Outcome: Equatable {
        /// The library is ONNX Runtime.
        case fit
        /// dlopen(3) fails. To get the error message, the program must call dlopen(3) itself.
        case refused
        /// The library does not export the entry point of ONNX Runtime.
        case lacksFunction
        /// The library exports the entry point, but is not ONNX Runtime.
        case unfit
        /// Loading the library made the process crash, exit or hang. The text says which of these happened.
        case harmful(String)
        /// The library was not tested, because no program for the test was given or no process could be started.
        case untried
    }

    private enum Status {
        static let fit: CInt = 100
        static let refused: CInt = 101
        static let lacksFunction: CInt = 102
        static let unfit: CInt = 103
    }

    /// How long loading a library may take before it counts as hanging.
    private static let timeout: Duration = .seconds(10)

    /// Tests a library, and exits with a ``Status``.
    ///
    /// The short-lived process calls this function.
    ///
    /// - Parameter path: The path of a library, or a name for which the dynamic linker searches its path.
    public static func run(_ path: String) -> Never {
        Signals.endAtOnceOnCrash()
        // Do not write a core file, because a crash is expected.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        guard let library = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else { _exit(Status.refused) }
        guard let entry = unsafe dlsym(library, InferenceRuntime.entryName) else { _exit(Status.lacksFunction) }
        _exit(unsafe InferenceRuntime.isRuntime(entry) ? Status.fit : Status.unfit)
    }

    /// Tests a library in a short-lived process.
    ///
    /// - Parameters:
    ///   - path: The path of a library, or a name for which the dynamic linker searches its path.
    ///   - program: The program that accepts ``argument``; nil means that the library is not tested.
    /// - Returns: The result of the test.
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
        case .status(let status): return .harmful("loading it makes the process exit with status \(status)")
        }
    }
}
