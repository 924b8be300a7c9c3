/// ONNX Runtime's C functions, as far as Oriel calls them.
///
/// The library hands out a table of function pointers (`OrtApi` in onnxruntime_c_api.h). Functions are only ever
/// appended to it, and the library itself asserts the place of each at compile time; so a place is as good as a name,
/// no header is needed, and one program runs with all versions from 1.14 on.
@safe
struct RuntimeFunctions {
    typealias Status = OpaquePointer?
    typealias Output = UnsafeMutablePointer<OpaquePointer?>

    /// The version of the table that is asked for: all that is used here is in it, and newer libraries still have it.
    static let tableVersion: UInt32 = 14

    let errorMessage: @convention(c) (OpaquePointer) -> UnsafePointer<CChar>
    let createEnvironment: @convention(c) (CInt, UnsafePointer<CChar>, Output) -> Status
    let createSession: @convention(c) (OpaquePointer, UnsafePointer<CChar>, OpaquePointer, Output) -> Status
    let createSessionFromBytes: @convention(c) (OpaquePointer, UnsafeRawPointer, Int, OpaquePointer, Output) -> Status
    let run:
        @convention(c) (
            OpaquePointer, OpaquePointer?, UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<OpaquePointer?>, Int,
            UnsafePointer<UnsafePointer<CChar>?>, Int, Output
        ) -> Status
    let createOptions: @convention(c) (Output) -> Status
    let disableMemoryPattern: @convention(c) (OpaquePointer) -> Status
    let setOptimization: @convention(c) (OpaquePointer, CInt) -> Status
    let setThreads: @convention(c) (OpaquePointer, CInt) -> Status
    let inputCount: @convention(c) (OpaquePointer, UnsafeMutablePointer<Int>) -> Status
    let outputCount: @convention(c) (OpaquePointer, UnsafeMutablePointer<Int>) -> Status
    let inputType: @convention(c) (OpaquePointer, Int, Output) -> Status
    let outputType: @convention(c) (OpaquePointer, Int, Output) -> Status
    let inputName:
        @convention(c) (OpaquePointer, Int, OpaquePointer, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Status
    let outputName:
        @convention(c) (OpaquePointer, Int, OpaquePointer, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Status
    let createTensor:
        @convention(c) (
            OpaquePointer, UnsafeMutableRawPointer?, Int, UnsafePointer<Int64>, Int, CInt, Output
        ) -> Status
    let tensorData: @convention(c) (OpaquePointer, UnsafeMutablePointer<UnsafeMutableRawPointer?>) -> Status
    let tensorInfo: @convention(c) (OpaquePointer, Output) -> Status
    let elementType: @convention(c) (OpaquePointer, UnsafeMutablePointer<CInt>) -> Status
    let dimensionCount: @convention(c) (OpaquePointer, UnsafeMutablePointer<Int>) -> Status
    let dimensions: @convention(c) (OpaquePointer, UnsafeMutablePointer<Int64>, Int) -> Status
    let valueInfo: @convention(c) (OpaquePointer, Output) -> Status
    let createMemoryInfo: @convention(c) (CInt, CInt, Output) -> Status
    let free: @convention(c) (OpaquePointer, UnsafeMutableRawPointer?) -> Status
    let allocator: @convention(c) (Output) -> Status
    let releaseStatus: @convention(c) (OpaquePointer) -> Void
    let releaseMemoryInfo: @convention(c) (OpaquePointer) -> Void
    let releaseSession: @convention(c) (OpaquePointer) -> Void
    let releaseValue: @convention(c) (OpaquePointer) -> Void
    let releaseTypeInfo: @convention(c) (OpaquePointer) -> Void
    let releaseValueInfo: @convention(c) (OpaquePointer) -> Void
    let releaseOptions: @convention(c) (OpaquePointer) -> Void
    let addOption: @convention(c) (OpaquePointer, UnsafePointer<CChar>, UnsafePointer<CChar>) -> Status

    /// Reads the functions from their places in the table.
    init(table: UnsafePointer<UnsafeRawPointer>) {
        func place<Function>(_ index: Int) -> Function {
            unsafe unsafeBitCast(table[index], to: Function.self)
        }
        unsafe errorMessage = place(2)
        unsafe createEnvironment = place(3)
        unsafe createSession = place(7)
        unsafe createSessionFromBytes = place(8)
        unsafe run = place(9)
        unsafe createOptions = place(10)
        unsafe disableMemoryPattern = place(17)
        unsafe setOptimization = place(23)
        unsafe setThreads = place(24)
        unsafe inputCount = place(30)
        unsafe outputCount = place(31)
        unsafe inputType = place(33)
        unsafe outputType = place(34)
        unsafe inputName = place(36)
        unsafe outputName = place(37)
        unsafe createTensor = place(49)
        unsafe tensorData = place(51)
        unsafe tensorInfo = place(55)
        unsafe elementType = place(60)
        unsafe dimensionCount = place(61)
        unsafe dimensions = place(62)
        unsafe valueInfo = place(65)
        unsafe createMemoryInfo = place(69)
        unsafe free = place(76)
        unsafe allocator = place(78)
        unsafe releaseStatus = place(93)
        unsafe releaseMemoryInfo = place(94)
        unsafe releaseSession = place(95)
        unsafe releaseValue = place(96)
        unsafe releaseTypeInfo = place(98)
        unsafe releaseValueInfo = place(99)
        unsafe releaseOptions = place(100)
        unsafe addOption = place(130)
    }

    /// Throws what a function returned, if it returned an error.
    func check(_ status: Status) throws(RuntimeFailure) {
        guard let status = unsafe status else { return }
        let text = unsafe String(cString: errorMessage(status))
        unsafe releaseStatus(status)
        throw RuntimeFailure(description: text)
    }

    /// What a function put into its output argument.
    @unsafe
    func made(_ call: (Output) -> Status) throws(RuntimeFailure) -> OpaquePointer {
        var object: OpaquePointer?
        try unsafe check(call(&object))
        guard let object = unsafe object else { throw RuntimeFailure(description: "nothing was made") }
        return unsafe object
    }
}

/// ONNX Runtime's own words for what went wrong.
struct RuntimeFailure: Error, CustomStringConvertible {
    let description: String
}
