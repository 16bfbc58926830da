internal import Gatekeeper

/// The rules of what stands at the door: listeners and the certificates that they show.
extension ListRule {
    static var listeners: ListRule {
        ListRule(form: "ADDRESS:PORT or PORT", bareKey: "address", begin: { $0.listeners = [] }, add: addListener)
    }

    static var certificates: ListRule {
        ListRule(
            form: "certificate and key, or acme", bareKey: "certificate", needsKeys: true, begin: { $0.certificates = [] },
            add: addCertificate)
    }

    private static func addListener(_ element: ListElement, to builder: inout ConfigurationBuilder) -> [Finding] {
        guard let address = element.fields["address"] else {
            return [.error(element.context.origin, at: "listen", "the address is missing")]
        }
        var listener: Settings.Listener
        do throws(AddressSyntaxError) {
            listener = Settings.Listener(address: try SocketAddress(parsing: address.value))
        } catch {
            return [.error(address.origin, at: "listen", ValueMistake(in: address.value, error.description).message)]
        }
        if let file = element.fields["client_ca"] {
            guard !file.value.isEmpty else { return [.error(file.origin, at: "listen: client_ca", "the value is empty").withoutValues] }
            let path = FilePath.complete(file.value, directory: element.context.directory)
            if let failure = unreadable(path) { return [unreadable(file, at: "listen: client_ca", in: element, failure)] }
            listener.clientAuthorityPath = path
        }
        if let free = element.fields["free_bind"] {
            do throws(ValueMistake) {
                listener.isFree = try Quantity.flag(free.value)
            } catch {
                return [.error(free.origin, at: "listen: free_bind", error.message)]
            }
        }
        if let balancers = element.fields["proxy_protocol_from"] {
            do throws(ValueMistake) {
                listener.proxyProtocolFrom = try prefixes(balancers.value)
            } catch {
                return [.error(balancers.origin, at: "listen: proxy_protocol_from", error.message)]
            }
        }
        builder.listeners.append(Located(value: listener, origin: address.origin, written: address.written))
        return []
    }

    /// Of load balancers. Whoever is one can say to be anybody, so a whole family of addresses is a mistake.
    private static func prefixes(_ text: String) throws(ValueMistake) -> [AddressPrefix] {
        var prefixes: [AddressPrefix] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            let prefix: AddressPrefix
            do throws(AddressSyntaxError) {
                prefix = try AddressPrefix(parsing: word)
            } catch {
                throw ValueMistake(in: word, error.description)
            }
            guard prefix.length > (prefix.isIPv4 ? 96 : 0) else {
                throw ValueMistake("\(prefix) is everybody, and whoever is listed here can say to be any address")
            }
            guard !prefixes.contains(prefix) else { throw ValueMistake("\(prefix) is there already") }
            prefixes.append(prefix)
        }
        return prefixes
    }

    private static func addCertificate(_ element: ListElement, to builder: inout ConfigurationBuilder) -> [Finding] {
        if let acme = element.fields["acme"] { return addOrdered(element, at: acme.origin, to: &builder) }
        var paths: [String] = []
        for name in ["certificate", "key"] {
            guard let file = element.fields[name], !file.value.isEmpty else {
                return [.error(element.context.origin, at: "tls.certificates", "the \(name) is missing")]
            }
            let path = FilePath.complete(file.value, directory: element.context.directory)
            if let failure = unreadable(path) { return [unreadable(file, at: "tls.certificates: \(name)", in: element, failure)] }
            paths.append(path)
        }
        let certificate = Settings.TLS.Certificate(path: paths[0], keyPath: paths[1])
        builder.certificates.append(Located(value: .files(certificate), origin: element.context.origin))
        return []
    }

    private static func addOrdered(_ element: ListElement, at origin: Origin, to builder: inout ConfigurationBuilder) -> [Finding] {
        for name in ["certificate", "key"] {
            guard let file = element.fields[name] else { continue }
            return [.error(file.origin, at: "tls.certificates", "a certificate is in files or ordered by acme; write two as two elements")]
        }
        let prefix = "acme."
        var inner = element
        inner.context.origin = origin
        inner.fields = [:]
        for (key, value) in element.fields where key.hasPrefix(prefix) { inner.fields[String(key.dropFirst(prefix.count))] = value }
        return read(inner, at: "tls.certificates: acme") {
            builder.certificates.append(Located(value: .acme($0.value), origin: $0.origin, written: $0.written))
        }
    }

    private static func unreadable(_ path: String) -> FileFailure? {
        do {
            try FileContents.checkReadable(path)
            return nil
        } catch {
            return error
        }
    }

    private static func unreadable(
        _ file: Located<String>, at key: String, in element: ListElement, _ failure: FileFailure
    ) -> Finding {
        .error(file.origin, at: key, failure, called: FilePath.shown(file, directory: element.context.directory))
    }
}
