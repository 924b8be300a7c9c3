import Daemon

runProgram(MJPEGWorker.self)
