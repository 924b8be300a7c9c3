"""A minimal FastCGI client. Like nginx, it sends one request per connection."""
import socket
import struct

BEGIN, END, PARAMS, INPUT, OUTPUT = 1, 3, 4, 5, 6
RESPONDER = 1


def record(kind, content):
    """Encodes content as one or more records. Empty content becomes one empty record."""
    parts = [content[at:at + 65535] for at in range(0, len(content), 65535)] or [b""]
    return b"".join(struct.pack("!BBHHBx", 1, kind, 1, len(part), 0) + part for part in parts)


def pair(name, value):
    name, value = name.encode(), value.encode()
    lengths = b"".join(struct.pack("!B", n) if n < 128 else struct.pack("!I", n | 1 << 31) for n in (len(name), len(value)))
    return lengths + name + value


def post(path, address, body, kind="image/jpeg"):
    """Sends a POST to the worker at the socket `path` and returns the response's body."""
    parameters = {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": address, "DOCUMENT_URI": address, "REQUEST_URI": address,
        "QUERY_STRING": "", "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body)), "SERVER_PROTOCOL": "HTTP/1.1"}
    request = record(BEGIN, struct.pack("!HB5x", RESPONDER, 0))
    request += record(PARAMS, b"".join(pair(name, value) for name, value in parameters.items())) + record(PARAMS, b"")
    request += record(INPUT, body) + record(INPUT, b"")
    answer = b""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(path)
        connection.sendall(request)
        received = connection.makefile("rb")
        while header := received.read(8):
            _, kind_of_record, _, length, padding = struct.unpack("!BBHHBx", header)
            content = received.read(length + padding)[:length]
            if kind_of_record == OUTPUT:
                answer += content
            elif kind_of_record == END:
                break
    return answer.partition(b"\r\n\r\n")[2]
