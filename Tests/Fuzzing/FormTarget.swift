import Web

/// Fuzzes the parser of forms that contain a picture.
enum FormTarget {
    static func run(_ input: Input) {
        var input = input
        let type = input.line()
        let boundary =
            type.isEmpty ? Array("x".utf8) : FormData.boundary(in: type) ?? Array(type.utf8.prefix(70))
        check(1...70 ~= boundary.count, "a boundary has 1 to 70 bytes")
        let body = input.bytes
        guard let form = try? FormData(body, boundary: boundary) else { return }
        check(form.fields.count <= FormData.maximumFieldCount, "the number of fields is limited")
        var end = 0
        let delimiter = Array("\r\n--".utf8) + boundary
        for field in form.fields {
            check(
                field.content.lowerBound >= end && field.content.upperBound <= body.count,
                "fields are in order, do not overlap, and are inside the body")
            end = field.content.upperBound
            // If a field is empty, one line break may both end the field's header and precede the boundary.
            let isShared = field.content.isEmpty && body[(end - 2)...].starts(with: delimiter)
            check(isShared || body[end...].starts(with: delimiter), "a field ends at a boundary")
            check(form.first(field.name) != nil, "a field is found by its name")
        }
    }
}
