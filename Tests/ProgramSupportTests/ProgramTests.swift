import ArgumentParser
import Linux
import SystemPackage
import Testing

@testable import Daemon
@testable import ProgramSupport

@Suite struct ProgramTests {
    private struct Sample: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "sample", version: orielVersion)
        @Option(help: "A number.") var number = 1

        mutating func validate() throws {
            if number > 9 { throw ValidationError("'\(number)' is more than 9: give a number from 0 to 9") }
        }

        func run() {}
    }

    private func ending(of arguments: String...) -> ProgramEnding? {
        do {
            var command = try Sample.parseAsRoot(arguments)
            try command.run()
            return nil
        } catch {
            return ProgramEnding(error, of: Sample.self)
        }
    }

    @Test("a valid command line is not an error")
    func good() {
        #expect(ending(of: "--number", "3") == nil)
    }

    @Test("an invalid value is reported in one sentence that refers to --help, with status 64")
    func wrongValue() {
        #expect(
            ending(of: "--number", "12")
                == .failure(
                    status: 64, sentence: "'12' is more than 9: give a number from 0 to 9 (see sample --help)"))
    }

    @Test(
        "a negative number is a value, not an option",
        arguments: [
            (["--number", "-1"], ["--number=-1"]), (["--number", "-.5", "--json"], ["--number=-.5", "--json"]),
            (["--number=3", "-1"], ["--number=3", "-1"]), (["--number", "--json"], ["--number", "--json"]),
            (["--", "-1"], ["--", "-1"]), (["-1"], ["-1"]), ([], []),
        ] as [([String], [String])])
    func negative(arguments: [String], joined: [String]) {
        #expect(withNegativeNumbersJoined(arguments) == joined)
    }

    @Test("an unknown option or an invalid number results in status 64", arguments: ["--colour", "--number=x"])
    func unknownOption(argument: String) {
        guard case .failure(let status, let sentence) = ending(of: argument) else {
            Issue.record("not a failure")
            return
        }
        #expect(status == 64)
        #expect(!sentence.contains("\n"))
    }

    @Test("help and version are not errors", arguments: ["--help", "--version"])
    func text(argument: String) {
        #expect(ending(of: argument) == .text)
    }

    @Test("a failure determines the exit status and the message")
    func failure() {
        let failure = Failure(.unavailable, "the ring is taken")
        #expect(ProgramEnding(failure, of: Sample.self) == .failure(status: 69, sentence: "the ring is taken"))
    }

    @Test("a failed system call results in status 71, EX_OSERR")
    func systemError() {
        let error = SystemError("pthread_create", "x", .resourceTemporarilyUnavailable)
        guard case .failure(let status, _) = ProgramEnding(error, of: Sample.self) else {
            Issue.record("not a failure")
            return
        }
        #expect(status == 71)
    }

    @Test("a raw status that is not in sysexits.h becomes 70, EX_SOFTWARE")
    func rawStatus() {
        #expect(Failure(rawStatus: 73, "x").status == .cannotCreate)
        #expect(Failure(rawStatus: 1, "x").status == .software)
    }
}
