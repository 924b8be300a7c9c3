/// Reads and changes the parts of ONNX files that concern the size of the input.
///
/// An ONNX file is a message in the format of Protocol Buffers. onnx.proto3 defines its fields.
enum ModelFile {
    /// Returns the reason why the bytes are not a complete ONNX file; nil if they are a complete ONNX file.
    ///
    /// The file must be one complete message, with a version (field 1) and a graph (field 7).
    static func defect(of bytes: [UInt8]) -> String? {
        guard !bytes.isEmpty else { return "it is empty" }
        var rest = bytes[...]
        var fields: Set<UInt64> = []
        while !rest.isEmpty {
            guard let tag = takeNumber(&rest), (1...40).contains(tag >> 3) else { break }
            fields.insert(tag >> 3)
            let isWhole =
                switch tag & 7 {
                case 0: takeNumber(&rest) != nil
                case 1: take(8, &rest) != nil
                case 5: take(4, &rest) != nil
                case 2: takeNumber(&rest).map { $0 <= UInt64(rest.count) && take(Int($0), &rest) != nil } ?? false
                default: false
                }
            guard isWhole else { break }
            if rest.isEmpty, fields.isSuperset(of: [1, 7]) { return nil }
        }
        return fields.isSuperset(of: [1, 7]) ? "it is truncated or damaged" : "it is not an ONNX model"
    }

    /// Returns a copy of the model in which the height and the width of the first input are dynamic.
    ///
    /// Exported models declare a fixed size, although the network accepts any size. The declared shapes of intermediate
    /// values are removed, because the runtime infers them. The caller must test whether other sizes work.
    ///
    /// - Parameter bytes: The bytes of an ONNX file.
    /// - Returns: The changed model; nil if it has no input or is invalid.
    static func withDynamicSize(_ bytes: [UInt8]) -> [UInt8]? {
        var isFirst = true
        var hasChanged = false
        let model = rewrite(bytes[...]) { field, content in
            guard field == Field.graph else { return .keep }
            return .replace(
                rewrite(content) { field, value in
                    switch field {
                    case Field.graphInput where isFirst:
                        isFirst = false
                        hasChanged = true
                        return .replace(withDynamicDimensions(value, [2, 3], rank: 4))
                    case Field.graphOutput: return .replace(withDynamicDimensions(value, [1], rank: 3))
                    case Field.graphValue: return .drop
                    default: return .keep
                    }
                })
        }
        return hasChanged ? model : nil
    }

    /// The field numbers that onnx.proto3 defines.
    private enum Field {
        static let graph: UInt64 = 7
        static let graphInput: UInt64 = 11
        static let graphOutput: UInt64 = 12
        static let graphValue: UInt64 = 13
        static let type: UInt64 = 2
        static let tensor: UInt64 = 1
        static let shape: UInt64 = 2
        static let dimension: UInt64 = 1
    }

    private enum Change {
        case keep
        case drop
        case replace([UInt8]?)
    }

    /// Returns a copy of a value's description (ValueInfoProto) in which the dimensions at `indices` are dynamic.
    ///
    /// Returns nil if the value does not have `rank` dimensions.
    private static func withDynamicDimensions(
        _ value: ArraySlice<UInt8>, _ indices: Set<Int>, rank: Int
    ) -> [UInt8]? {
        var count = 0
        let changed = rewrite(value) { field, type in
            guard field == Field.type else { return .keep }
            return .replace(
                rewrite(type) { field, tensor in
                    guard field == Field.tensor else { return .keep }
                    return .replace(
                        rewrite(tensor) { field, shape in
                            guard field == Field.shape else { return .keep }
                            return .replace(
                                rewrite(shape) { field, _ in
                                    guard field == Field.dimension else { return .keep }
                                    defer { count += 1 }
                                    guard indices.contains(count) else { return .keep }
                                    // Field 2 (dim_param) is the name of a dynamic dimension. Use one letter.
                                    return .replace([0x12, 1, UInt8(ascii: "a") + UInt8(count)])
                                })
                        })
                })
        }
        return count == rank ? changed : nil
    }

    /// Copies a message, and applies `change` to its embedded messages and strings.
    ///
    /// Returns nil if the message is invalid.
    private static func rewrite(
        _ message: ArraySlice<UInt8>, _ change: (UInt64, ArraySlice<UInt8>) -> Change
    ) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(message.count)
        var rest = message
        while !rest.isEmpty {
            let field = rest
            guard let tag = takeNumber(&rest) else { return nil }
            switch tag & 7 {
            case 0: guard takeNumber(&rest) != nil else { return nil }
            case 1: guard take(8, &rest) != nil else { return nil }
            case 5: guard take(4, &rest) != nil else { return nil }
            case 2:
                guard let length = takeNumber(&rest), length <= UInt64(rest.count) else { return nil }
                guard let content = take(Int(length), &rest) else { return nil }
                switch change(tag >> 3, content) {
                case .keep: break
                case .drop: continue
                case .replace(nil): break
                case .replace(let bytes?):
                    append(tag, to: &result)
                    append(UInt64(bytes.count), to: &result)
                    result += bytes
                    continue
                }
            default: return nil
            }
            result += field[..<rest.startIndex]
        }
        return result
    }

    private static func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// Reads an integer of variable length (a varint); returns nil if it is invalid.
    private static func takeNumber(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for (index, byte) in rest.prefix(10).enumerated() {
            value |= UInt64(byte & 0x7f) << UInt64(7 * index)
            if byte < 0x80 {
                rest = rest.dropFirst(index + 1)
                return value
            }
        }
        return nil
    }

    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
