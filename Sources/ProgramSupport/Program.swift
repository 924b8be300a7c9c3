public import ArgumentParser
import Daemon
import Glibc
import Linux

/// The body of a program's `main`: parses the command line and runs the command.
///
/// Before the command runs, logging is set up, SIGPIPE is ignored, and crashes are made to end the process immediately.
/// An error is printed to standard error as one line and sets the exit status: 64 for an invalid option, a
/// ``Failure``'s own status, 71 for a ``SystemError``, else 70. `--help` and `--version` print to standard output and
/// exit with status 0.
public func runProgram(_ command: any ParsableCommand.Type) {
    Signals.ignoreBrokenPipe()
    Signals.endAtOnceOnCrash()
    LogOutput.bootstrap()
    do {
        var parsed = try command.parseAsRoot(withNegativeNumbersJoined(Array(CommandLine.arguments.dropFirst())))
        try parsed.run()
    } catch {
        end(command, with: error)
    }
}

/// Rewrites `--fps -1` as `--fps=-1`, since the parser would take a negative number for an option.
func withNegativeNumbersJoined(_ arguments: [String]) -> [String] {
    var joined: [String] = []
    for argument in arguments {
        let isNumber = argument.first == "-" && argument.dropFirst().first.map { "0123456789.".contains($0) } ?? false
        if isNumber, let name = joined.last, name.hasPrefix("--"), name.count > 2, !name.contains("=") {
            joined[joined.count - 1] = "\(name)=\(argument)"
        } else {
            joined.append(argument)
        }
    }
    return joined
}

private func end(_ command: any ParsableCommand.Type, with error: any Error) -> Never {
    let ending = ProgramEnding(error, of: command)
    switch ending {
    case .text: command.exit(withError: error)
    case .failure(let status, let sentence):
        writeToStandardError(LogOutput.current == .journal ? "<3>\(sentence)\n" : "error: \(sentence)\n")
        exit(status)
    }
}

/// How to end the program after an error.
enum ProgramEnding: Equatable {
    /// Requested output such as the help, not an error.
    case text
    case failure(status: Int32, sentence: String)

    init(_ error: any Error, of command: any ParsableCommand.Type) {
        switch error {
        case let failure as Failure:
            self = .failure(status: failure.status.rawValue, sentence: failure.description)
        case let error as SystemError:
            self = .failure(status: ExitStatus.osError.rawValue, sentence: "\(error)")
        default:
            let code = command.exitCode(for: error)
            if code == .success {
                self = .text
            } else if code == .validationFailure {
                let name = command.configuration.commandName ?? "the program"
                self = .failure(
                    status: ExitStatus.usage.rawValue,
                    sentence: "\(command.message(for: error)) (see \(name) --help)")
            } else {
                self = .failure(status: ExitStatus.software.rawValue, sentence: "\(error)")
            }
        }
    }
}
