import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@Suite("Child processes")
struct SpawnTests {
    @Test("a program receives its arguments and variables, and its output and status are returned")
    func output() throws {
        let command = Command(
            "/bin/sh", ["-c", "echo \"$1 $COLOR\"; exit 3", "sh", "a b"], variables: ["COLOR": "red"])
        let result = try ChildProcesses.output(of: command, timeout: .seconds(10))
        #expect(result.text == "a b red\n")
        #expect(result.ending == .status(3))
    }

    @Test("executing a file that cannot be executed throws the reason and leaves no process behind")
    func notExecutable() throws {
        let folder = TemporaryFolder()
        try folder.write("no program", to: "text", permissions: .ownerReadWriteExecute)
        for (name, errno) in [("missing", Errno.noSuchFileOrDirectory), ("text", .execFormatError)] {
            let command = Command(folder.path.appending(name))
            #expect(throws: SystemError("execve", "\(command.program)", errno)) {
                try ChildProcesses.start(command, streams: .init(), deathSignal: nil)
            }
        }
    }

    @Test("a program that takes too long is killed")
    func timeout() throws {
        let began = Instant.now
        let result = try ChildProcesses.output(of: Command("/bin/sleep", ["60"]), timeout: .milliseconds(200))
        #expect(result.ending == .signal(SIGKILL))
        #expect("\(result.ending)" == "SIGKILL")
        #expect(Instant.now - began < .seconds(20))
    }

    @Test("a child leads its own group and has default signal actions")
    func group() throws {
        let command = Command("/bin/sh", ["-c", "ps -o pgid= -p $$; echo $$; kill -PIPE $$; echo survived"])
        let result = try ChildProcesses.output(of: command, timeout: .seconds(10))
        let words = result.text.split(whereSeparator: \.isWhitespace)
        #expect(words.count == 2 && words.first == words.last, "\(result.text)")
        #expect(result.ending == .signal(SIGPIPE))
    }

    @Test("a descriptor that is sent through a socket refers to the same file when it arrives")
    func descriptor() throws {
        let folder = TemporaryFolder()
        let listener = try Socket.listen(at: folder.path.appending("socket"))
        #expect(ProcessChannel.isListening(listener.number))
        let ends = try ProcessChannel.pair()
        let (first, second) = (ends.0, ends.1)
        defer {
            close(first)
            close(second)
        }
        try ProcessChannel.send(listener.number, through: first)
        let received = try ProcessChannel.receive(from: second, timeout: .seconds(5))
        #expect(received.number != listener.number)
        #expect(ProcessChannel.isListening(received.number))
        #expect(fcntl(received.number, F_GETFD) & FD_CLOEXEC != 0)
        #expect(try received.status().isSameFile(as: listener.status()))
        #expect(throws: SystemError.self) {
            _ = try ProcessChannel.receive(from: second, timeout: .milliseconds(10)).number
        }
    }
}
