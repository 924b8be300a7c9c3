/// The C functions of ONNX Runtime that Oriel calls.
///
/// The library returns a table of function pointers (`OrtApi` in onnxruntime_c_api.h). New versions only append
/// functions to this table, and the library asserts the indices at compile time. An index is therefore as stable as a
/// name. So this file needs no header of the library, and one binary works with every version since 1.14.
@safe
struct RuntimeFunctions {
    typealias Status = OpaquePointer?
    typealias Output = UnsafeMutablePointer<OpaquePointer?>

    /// The requested version of the table.
    ///
    /// Newer versions of the library still provide it.
    static let tableVersion: UInt32 = 14

    let errorMessage: @convention(c) (OpaquePointer) -> UnsafePointer<CChar>
    let createEnvironment: @convention(c) (CInt, UnsafePointer<CChar>, Output) -> Status
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

    /// Reads the functions from the table.
    init(table: UnsafePointer<UnsafeRawPointer>) {
        func function<Function>(at index: Int) -> Function {
            unsafe unsafeBitCast(table[index], to: Function.self)
        }
        unsafe errorMessage = function(at: 2)
        unsafe createEnvironment = function(at: 3)
        unsafe createSessionFromBytes = function(at: 8)
        unsafe run = function(at: 9)
        unsafe createOptions = function(at: 10)
        unsafe disableMemoryPattern = function(at: 17)
        unsafe setOptimization = function(at: 23)
        unsafe setThreads = function(at: 24)
        unsafe inputCount = function(at: 30)
        unsafe outputCount = function(at: 31)
        unsafe inputType = function(at: 33)
        unsafe outputType = function(at: 34)
        unsafe inputName = function(at: 36)
        unsafe outputName = function(at: 37)
        unsafe createTensor = function(at: 49)
        unsafe tensorData = function(at: 51)
        unsafe tensorInfo = function(at: 55)
        unsafe elementType = function(at: 60)
        unsafe dimensionCount = function(at: 61)
        unsafe dimensions = function(at: 62)
        unsafe valueInfo = function(at: 65)
        unsafe createMemoryInfo = function(at: 69)
        unsafe free = function(at: 76)
        unsafe allocator = function(at: 78)
        unsafe releaseStatus = function(at: 93)
        unsafe releaseMemoryInfo = function(at: 94)
        unsafe releaseSession = function(at: 95)
        unsafe releaseValue = function(at: 96)
        unsafe releaseTypeInfo = function(at: 98)
        unsafe releaseValueInfo = function(at: 99)
        unsafe releaseOptions = function(at: 100)
        unsafe addOption = function(at: 130)
    }

    /// Throws the error that a function has returned; does nothing if it has returned none.
    func check(_ status: Status) throws(RuntimeFailure) {
        guard let status = unsafe status else { return }
        let text = unsafe String(cString: errorMessage(status))
        unsafe releaseStatus(status)
        throw RuntimeFailure(description: text)
    }

    /// Calls a function, and returns the object that it stores in its output argument.
    @unsafe
    func made(_ call: (Output) -> Status) throws(RuntimeFailure) -> OpaquePointer {
        var object: OpaquePointer?
        try unsafe check(call(&object))
        guard let object = unsafe object else { throw RuntimeFailure(description: "no object was returned") }
        return unsafe object
    }
}

/// An error message of ONNX Runtime.
struct RuntimeFailure: Error, CustomStringConvertible {
    let description: String
}
