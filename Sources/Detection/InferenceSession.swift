/// A loaded model with its inputs and outputs.
///
/// Several threads may call ``run(_:shape:_:)`` at the same time.
///
/// `@unchecked Sendable`: nothing changes after the initializer, and ONNX Runtime allows concurrent calls of
/// OrtApi::Run with one session (onnxruntime_c_api.h).
@safe
final class InferenceSession: @unchecked Sendable {
    /// An input or output of the model.
    ///
    /// A dimension is nil if its size is not fixed.
    struct Port: Equatable {
        let name: String
        let isFloat: Bool
        let dimensions: [Int?]
    }

    let inputs: [Port]
    let outputs: [Port]
    private let runtime: InferenceRuntime
    private let session: OpaquePointer
    private let memory: OpaquePointer

    /// Loads a model from the bytes of its file.
    ///
    /// - Parameters:
    ///   - runtime: The runtime, which the session retains.
    ///   - bytes: An ONNX model. The runtime copies the parts that it needs.
    ///   - threads: The number of threads that one inference uses, including the calling thread.
    /// - Throws: The runtime's error message.
    init(_ runtime: InferenceRuntime, model bytes: RawSpan, threads: Int) throws(RuntimeFailure) {
        let functions = runtime.functions
        let options = try unsafe functions.made(functions.createOptions)
        defer { unsafe functions.releaseOptions(options) }
        // 99 enables all optimizations (ORT_ENABLE_ALL).
        try unsafe functions.check(functions.setOptimization(options, 99))
        try unsafe functions.check(functions.setThreads(options, CInt(clamping: threads)))
        // Memory patterns would need some megabytes for each input shape, and would not save time.
        try unsafe functions.check(functions.disableMemoryPattern(options))
        // Idle threads must not spin, because that would take CPU time from capturing and serving pictures.
        try unsafe functions.check(functions.addOption(options, "session.intra_op.allow_spinning", "0"))
        let session = try unsafe bytes.withUnsafeBytes { (buffer) throws(RuntimeFailure) -> OpaquePointer in
            guard let base = buffer.baseAddress else { throw RuntimeFailure(description: "the file is empty") }
            return try unsafe functions.made {
                unsafe functions.createSessionFromBytes(runtime.environment, base, buffer.count, options, $0)
            }
        }
        do throws(RuntimeFailure) {
            let ports = unsafe Ports(functions, session)
            inputs = try unsafe ports.all(functions.inputCount, functions.inputName, functions.inputType)
            outputs = try unsafe ports.all(functions.outputCount, functions.outputName, functions.outputType)
            // 1 is OrtArenaAllocator, and 0 is OrtMemTypeDefault.
            unsafe memory = try functions.made { unsafe functions.createMemoryInfo(1, 0, $0) }
        } catch {
            unsafe functions.releaseSession(session)
            throw error
        }
        self.runtime = runtime
        unsafe self.session = session
    }

    deinit {
        unsafe runtime.functions.releaseMemoryInfo(memory)
        unsafe runtime.functions.releaseSession(session)
    }

    /// Runs the model with one input and passes the first output to `body`.
    ///
    /// - Parameters:
    ///   - input: The values of the input. Their number must be the product of the dimensions in `shape`.
    ///   - shape: The dimensions of the input.
    ///   - body: A closure that is called with the values and dimensions of the output.
    /// - Returns: The result of `body`.
    /// - Throws: The runtime's error message.
    func run<Value>(
        _ input: inout [Float], shape: [Int], _ body: (Span<Float>, [Int]) -> Value
    ) throws(RuntimeFailure) -> Value {
        precondition(input.count == shape.reduce(1, *))
        let functions = runtime.functions
        let dimensions = shape.map(Int64.init)
        return try unsafe input.withUnsafeMutableBufferPointer { (buffer) throws(RuntimeFailure) -> Value in
            // The argument 1 is ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT.
            let tensor = try unsafe functions.made {
                unsafe functions.createTensor(
                    memory, buffer.baseAddress, buffer.count * MemoryLayout<Float>.stride, dimensions, dimensions.count,
                    1, $0)
            }
            defer { unsafe functions.releaseValue(tensor) }
            let output = try unsafe functions.made { output in
                unsafe inputs[0].name.withCString { inputName in
                    unsafe outputs[0].name.withCString { outputName in
                        unsafe functions.run(session, nil, [inputName], [tensor], 1, [outputName], 1, output)
                    }
                }
            }
            defer { unsafe functions.releaseValue(output) }
            var data: UnsafeMutableRawPointer?
            try unsafe functions.check(functions.tensorData(output, &data))
            let info = try unsafe functions.made { unsafe functions.valueInfo(output, $0) }
            defer { unsafe functions.releaseValueInfo(info) }
            let outputShape = try unsafe Ports(functions, session).dimensions(of: info).map { $0 ?? 0 }
            guard let data = unsafe data else { throw RuntimeFailure(description: "the output is empty") }
            let count = outputShape.reduce(1, *)
            let numbers = unsafe Span(
                _unsafeStart: data.assumingMemoryBound(to: Float.self), count: count)
            return body(numbers, outputShape)
        }
    }
}

/// Queries a session's inputs and outputs.
@safe
private struct Ports {
    typealias Count = @convention(c) (OpaquePointer, UnsafeMutablePointer<Int>) -> OpaquePointer?
    typealias Name =
        @convention(c) (
            OpaquePointer, Int, OpaquePointer, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
        ) -> OpaquePointer?
    typealias Kind = @convention(c) (OpaquePointer, Int, RuntimeFunctions.Output) -> OpaquePointer?

    private let functions: RuntimeFunctions
    private let session: OpaquePointer

    init(_ functions: RuntimeFunctions, _ session: OpaquePointer) {
        self.functions = functions
        unsafe self.session = session
    }

    func all(_ count: Count, _ name: Name, _ kind: Kind) throws(RuntimeFailure) -> [InferenceSession.Port] {
        var number = 0
        try unsafe functions.check(count(session, &number))
        var ports: [InferenceSession.Port] = []
        for index in 0..<number {
            let type = try unsafe functions.made { unsafe kind(session, index, $0) }
            defer { unsafe functions.releaseTypeInfo(type) }
            ports.append(try unsafe port(index, type, name))
        }
        return ports
    }

    private func port(_ index: Int, _ type: OpaquePointer, _ name: Name) throws(RuntimeFailure) -> InferenceSession.Port
    {
        let allocator = try unsafe functions.made { unsafe functions.allocator($0) }
        var text: UnsafeMutablePointer<CChar>?
        try unsafe functions.check(name(session, index, allocator, &text))
        defer { unsafe functions.check(quietly: functions.free(allocator, text)) }
        let title = unsafe text.map { unsafe String(cString: $0) } ?? ""
        var info: OpaquePointer?
        try unsafe functions.check(functions.tensorInfo(type, &info))
        // If there is no tensor information, the value is not a tensor but, for example, a sequence.
        guard let info = unsafe info else { return .init(name: title, isFloat: false, dimensions: []) }
        var element: CInt = 0
        try unsafe functions.check(functions.elementType(info, &element))
        return .init(name: title, isFloat: element == 1, dimensions: try unsafe dimensions(of: info))
    }

    func dimensions(of info: OpaquePointer) throws(RuntimeFailure) -> [Int?] {
        var count = 0
        try unsafe functions.check(functions.dimensionCount(info, &count))
        var dimensions = [Int64](repeating: 0, count: count)
        try unsafe functions.check(functions.dimensions(info, &dimensions, count))
        return dimensions.map { $0 < 0 ? nil : Int($0) }
    }
}

extension RuntimeFunctions {
    /// Releases the error, if there is one, and ignores it.
    fileprivate func check(quietly status: Status) {
        try? unsafe check(status)
    }
}
