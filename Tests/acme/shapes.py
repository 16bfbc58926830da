"""What a stranger may send to a door, and what it gets: bytes, a reset, an end, or nothing."""
import socket
import ssl

ACME = "acme-tls/1"


def hello(name, protocols=(ACME,)):
    """The bytes of a ClientHello."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    out = ssl.MemoryBIO()
    peer = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    try:
        peer.do_handshake()
    except ssl.SSLWantReadError:
        return out.read()
    raise AssertionError("a handshake with nobody has ended")


def answer(host, data, address="10.0.0.11", port=443, seconds=1.5, source=None):
    """What somebody gets who sends this, in words; he waits for no longer than that after it."""
    try:
        peer = host.connect(address, port, seconds, source)
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "nothing at all"
    except ConnectionResetError:
        return "reset"
    received = b""
    with peer:
        try:
            if data:
                peer.sendall(data)
            while piece := peer.recv(65536):
                received += piece
            ending = "end"
        except TimeoutError:
            ending = "silence"
        except (ConnectionResetError, BrokenPipeError):
            ending = "reset"
    return f"{received.hex()} {ending}".strip() if received else ending


def shapes(name):
    """Hellos and others that aren't right, by what they are; those of the same handshake differ in nothing but that."""
    right = hello(name)
    return {
        "nothing": b"",
        "one byte": right[:1],
        "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "proxy": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n",
        "ordinary hello": hello(name, ()),
        "http/1.1": hello(name, ("http/1.1",)),
        "two protocols": hello(name, (ACME, "http/1.1")),
        "another name": hello("stranger.example.net"),
        "no name": hello(None),
        "SSLv2": bytes.fromhex("802e01000200150000001007000c0500800300800100800600400200800400800000"),
        "alert": bytes.fromhex("15030100020100"),
        "empty record": bytes.fromhex("1603010000") + right,
        "version 2": right[:1] + b"\x02" + right[2:],
        "oversized": right[:3] + b"\x40\x01" + right[5:],
    }


def right_hello(host, name, address="10.0.0.11", sends=b"", seconds=6):
    """What somebody gets whose hello is right in a window: "reset", or a certificate's bytes and how the connection ended."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([ACME])
    try:
        with host.connect(address, 443, seconds) as plain, context.wrap_socket(plain, server_hostname=name) as peer:
            certificate = peer.getpeercert(binary_form=True)
            chosen = peer.selected_alpn_protocol()
            try:
                if sends:
                    peer.sendall(sends)
                ending = "end" if peer.recv(1) == b"" else "data"
            except (ConnectionResetError, BrokenPipeError):
                ending = "reset"
            except OSError as error:
                ending = f"{error}"
            return certificate, chosen, ending
    except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
        return "reset"
    except ConnectionRefusedError:
        return "refused"
    except (TimeoutError, socket.timeout):
        return "nothing at all"
    except OSError as error:
        return f"{error}"
