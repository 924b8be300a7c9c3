import CCurl
import Linux
public import SystemPackage

/// An HTTP GET request that libcurl performs with an easy handle.
///
/// Use a transfer only from the thread that created it. It receives bytes only during
/// ``TransferLoop/run(timeout:alarm:)``. The handle exists as long as the object, and libcurl never uses it from
/// another thread.
@safe
public final class Transfer {
    /// What to request and how.
    public struct Request: Sendable {
        /// An http or https URL without credentials.
        public var url: String
        /// Whether the server runs on this machine, in which case no proxy is used.
        public var isLoopback = false
        /// The `Accept` header.
        public var accept: String
        public var credentials: Credentials?
        /// Further header fields, each as `NAME: VALUE`.
        public var headers: [String] = []
        /// A PEM file with the certificate authorities to trust; nil means that the system's authorities are trusted.
        public var certificateAuthorities: FilePath?
        /// The timeout for establishing the connection, including name resolution and the TLS handshake.
        public var connectTimeout: Duration
        /// The timeout for the whole transfer; nil means no timeout.
        public var totalTimeout: Duration?
        /// The version to send in the header `User-Agent: oriel/<version>` (RFC 9110 section 10.1.5).
        public var version: String

        public init(url: String, accept: String, connectTimeout: Duration, version: String) {
            self.url = url
            self.accept = accept
            self.connectTimeout = connectTimeout
            self.version = version
        }
    }

    private static let userAgentProduct = "oriel"

    /// The maximum number of header bytes in all responses of a transfer together, including redirects.
    public static let maximumHeaderByteCount = 64 << 10

    let handle: UnsafeMutableRawPointer
    private let headers: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>

    private let receive: (borrowing Transfer, RawSpan) -> Bool
    private var headerByteCount = 0
    private var isPaused = false

    /// The number of bytes received so far, including all headers and the ignored bodies of redirects.
    public private(set) var byteCount: UInt64 = 0
    /// Whether the server sent more header bytes than allowed.
    var isHeaderTooLarge: Bool { headerByteCount > Self.maximumHeaderByteCount }

    /// Prepares a transfer; ``TransferLoop/add(_:)`` starts it.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - receive: A closure that receives the body of the final response in pieces. It is first called without bytes,
    ///     when the headers are complete. It returns false to abort the transfer.
    public init(_ request: Request, receive: @escaping (borrowing Transfer, RawSpan) -> Bool) {
        Self.initializeLibrary
        guard let handle = unsafe curl_easy_init() else { preconditionFailure("curl_easy_init: out of memory") }
        unsafe self.handle = handle
        // libcurl copies the texts. The first call creates the list.
        var list = unsafe curl_slist_append(nil, "Accept: \(request.accept)")
        for header in request.headers { unsafe list = curl_slist_append(list, header) }
        unsafe headers = list
        unsafe errorText = .allocate(capacity: Int(curl_error_byte_count))
        unsafe errorText.initialize(repeating: 0, count: Int(curl_error_byte_count))
        self.receive = receive
        apply(request)
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_slist_free_all(headers)
        unsafe errorText.deallocate()
    }

    /// Prepares to repeat the request, over the same connection if it is still open.
    public func rewind() {
        headerByteCount = 0
        isPaused = false
        unsafe errorText[0] = 0
    }

    /// Stops reading until ``resume()`` is called, which makes the server wait.
    ///
    /// The closure that receives the body may call this function.
    public func pause() { isPaused = true }

    /// Resumes reading after ``pause()``.
    ///
    /// The closure that receives the body must not call this function.
    public func resume() {
        guard isPaused else { return }
        isPaused = false
        unsafe curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    private func apply(_ request: Request) {
        set(CURLOPT_URL, request.url)
        set(CURLOPT_USERAGENT, "\(Self.userAgentProduct)/\(request.version)")
        _ = unsafe curl_set_list(handle, CURLOPT_HTTPHEADER, headers)
        _ = unsafe curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_BUFFERSIZE, 256 << 10)
        // Request no compression. With this option, libcurl still decompresses a response that is compressed anyway.
        set(CURLOPT_ACCEPT_ENCODING, "identity")
        set(CURLOPT_HTTP_VERSION, Int(curl_http_version_1_1))
        // When the transfer is freed, do not wait for a name resolution that is still in progress.
        set(CURLOPT_QUICK_EXIT, 1)

        // Do not follow redirects to other protocols, or from https to http. By default, libcurl sends the credentials
        // only to the host of the original URL.
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_REDIR_PROTOCOLS_STR, request.url.hasPrefix("https:") ? "https" : "http,https")
        set(CURLOPT_FOLLOWLOCATION, 1)
        set(CURLOPT_MAXREDIRS, 5)

        // By default, libcurl uses the proxies that the environment specifies (http_proxy, https_proxy, no_proxy).
        if request.isLoopback { set(CURLOPT_PROXY, "") }

        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        if let file = request.certificateAuthorities {
            set(CURLOPT_CAINFO, file.string)
            // By default, libcurl would also trust the authorities in a folder of the system.
            _ = unsafe curl_set_string(handle, CURLOPT_CAPATH, nil)
        }
        if let credentials = request.credentials {
            set(CURLOPT_HTTPAUTH, Int(curl_auth_basic_or_digest))
            set(CURLOPT_USERNAME, credentials.user)
            set(CURLOPT_PASSWORD, credentials.password)
        }
        set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.millisecondsRoundedUp)
        if let limit = request.totalTimeout { set(CURLOPT_TIMEOUT_MS, limit.millisecondsRoundedUp) }
        receiveThroughCallbacks()
    }

    /// Sets the callbacks for headers and bodies.
    ///
    /// libcurl passes this object's address to them. It does not use the address after `deinit` has freed the handle.
    private func receiveThroughCallbacks() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        _ = unsafe curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        _ = unsafe curl_set_bytes_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let context = unsafe context else { return curl_write_refused }
            let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            if transfer.isPaused { return Int(CURL_WRITEFUNC_PAUSE) }
            let byteCount = size * count
            let accepted = transfer.take(unsafe RawSpan(_unsafeStart: UnsafeRawPointer(bytes), byteCount: byteCount))
            return accepted ? byteCount : curl_write_refused
        }
        _ = unsafe curl_set_bytes_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let context = unsafe context else { return curl_write_refused }
            let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            let byteCount = size * count
            let isEmptyLine = byteCount <= 2 && (unsafe bytes.pointee == 0x0D || bytes.pointee == 0x0A)
            let accepted = transfer.takeHeader(byteCount: byteCount, isLast: isEmptyLine)
            return accepted ? byteCount : curl_write_refused
        }
    }

    private func take(_ bytes: RawSpan) -> Bool {
        byteCount &+= UInt64(bytes.byteCount)
        return receive(self, bytes)
    }

    private func takeHeader(byteCount count: Int, isLast: Bool) -> Bool {
        byteCount &+= UInt64(count)
        headerByteCount += count
        if isHeaderTooLarge { return false }
        // A response with a status other than 200 may not be the final response. For example, it may be a redirect or
        // an authentication challenge.
        return isLast && status == 200 ? receive(self, RawSpan()) : true
    }

    private func set(_ option: CURLoption, _ value: String) {
        let code = unsafe value.withCString { unsafe curl_set_string(handle, option, $0) }
        precondition(code != CURLE_OUT_OF_MEMORY, "curl_easy_setopt: out of memory")
    }

    private func set(_ option: CURLoption, _ value: Int) {
        _ = unsafe curl_set_long(handle, option, value)
    }

    private static let initializeLibrary: Void = {
        let code = curl_global_init(Int(CURL_GLOBAL_ALL))
        precondition(code == CURLE_OK, "curl_global_init failed")
    }()
}

// MARK: The response
extension Transfer {
    /// The status code of the response; 0 until a response is received.
    public var status: Int { long(CURLINFO_RESPONSE_CODE) }

    /// The `Content-Type` of the response; nil if it has none.
    public var contentType: String? { string(CURLINFO_CONTENT_TYPE) }

    /// The `Content-Length` of the response; nil if it has none.
    public var contentLength: Int? {
        var value: curl_off_t = -1
        let code = unsafe curl_get_offset(handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &value)
        return code == CURLE_OK && value >= 0 ? Int(value) : nil
    }

    /// The time from the start of the transfer until the request could be sent; nil before that.
    public var connectTime: Duration? { duration(CURLINFO_PRETRANSFER_TIME_T) }

    /// The time from the start of the transfer until the first byte of the response was received; nil before that.
    public var firstByteTime: Duration? { duration(CURLINFO_STARTTRANSFER_TIME_T) }

    /// libcurl's detailed description of the failure, which may be empty.
    var errorDetail: String { unsafe String(cString: errorText) }

    /// Returns the value of a header of the final response; nil if it has no such header.
    ///
    /// If the header occurs several times, its last value is returned.
    public func header(_ name: String) -> String? {
        var header: UnsafeMutablePointer<curl_header>?
        let code = unsafe name.withCString {
            unsafe curl_easy_header(handle, $0, 0, UInt32(CURLH_HEADER), -1, &header)
        }
        guard code == CURLHE_OK, let header = unsafe header, let value = unsafe header.pointee.value else { return nil }
        return unsafe String(cString: value)
    }

    /// The status code of a proxy's last response to CONNECT; 0 if there was none.
    var proxyStatus: Int { long(CURLINFO_HTTP_CONNECTCODE) }

    /// The errno of the last failed connection attempt; 0 if no attempt failed.
    var systemError: Int { long(CURLINFO_OS_ERRNO) }

    private func long(_ info: CURLINFO) -> Int {
        var value = 0
        return unsafe curl_get_long(handle, info, &value) == CURLE_OK ? value : 0
    }

    private func duration(_ microseconds: CURLINFO) -> Duration? {
        var value: curl_off_t = 0
        let code = unsafe curl_get_offset(handle, microseconds, &value)
        return code == CURLE_OK && value > 0 ? .microseconds(Int64(value)) : nil
    }

    private func string(_ info: CURLINFO) -> String? {
        var value: UnsafePointer<CChar>?
        guard unsafe curl_get_string(handle, info, &value) == CURLE_OK, let value = unsafe value else { return nil }
        return unsafe String(cString: value)
    }
}
