"""Stands between the door and pebble, passes requests on, and does to any of them what a scene wants."""
import http.client
import http.server
import socket
import ssl
import struct
import threading
import time

from world import AUTHORITY

PORT = 14001
DIRECTORY = f"https://acme.test:{PORT}/dir"


class Meddler:
    """Counts requests. `before` and `after`, where they are set, are called with a request's number, before it goes to pebble and before
    its answer goes to the door. What they return is done in place of that: "reset", "hang", "garbage", "endless", "not_http", or a status
    with fields and a body.
    """

    def __init__(self, authority):
        self.authority, self.seen, self.paths = authority, 0, []
        self.before = self.after = None
        self.lock = threading.Lock()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{authority.folder}/acme.test.pem", f"{authority.folder}/acme.test-key.pem")
        meddler = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 120

            def log_message(self, *_):
                pass

            def setup(self):
                # In the connection's own thread, so that one that hangs here is nobody else's trouble.
                self.request = context.wrap_socket(self.request, server_side=True)
                super().setup()

            def do_GET(self):
                meddler.serve(self)

            do_HEAD = do_POST = do_GET

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 128

            def handle_error(self, *_):
                pass

        with authority.host.entered():
            self.server = Server((AUTHORITY, PORT), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        with self.lock:
            self.seen += 1
            number = self.seen
            self.paths.append(f"{request.command} {request.path.split('/')[1]}")
        if self.before and (act := self.before(number)):
            return self.act(request, act)
        answer = self.ask(request, body)
        if self.after and (act := self.after(number)):
            return self.act(request, act)
        self.answer(request, *answer)

    def ask(self, request, body):
        context = ssl.create_default_context(cafile=f"{self.authority.folder}/root.pem")
        with self.authority.host.entered():
            asking = http.client.HTTPSConnection(AUTHORITY, 14000, timeout=30, context=context)
            # pebble's URLs name the host that was asked for, and so lead here as well.
            asking.request(request.command, request.path, body or None, dict(request.headers.items()))
        got = asking.getresponse()
        ours = ("transfer-encoding", "content-length", "connection")
        fields = [(name, value) for name, value in got.getheaders() if name.lower() not in ours]
        answer = got.status, fields, got.read()
        asking.close()
        return answer

    def answer(self, request, status, fields, body):
        request.send_response_only(status)
        for name, value in fields:
            request.send_header(name, value)
        if status != 204:
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

    def act(self, request, act):
        request.close_connection = True
        peer = request.connection
        if act == "reset":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
        elif act == "hang":
            time.sleep(100)
        elif act == "not_http":
            request.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n" * 100)
        elif act == "garbage":
            fields = [("Content-Type", "application/json"), ("Replay-Nonce", "x" * 3000)]
            self.answer(request, 200, fields, b"[{\"\\u0000" + bytes(range(256)) * 8)
        elif act == "endless":
            request.send_response_only(200)
            request.send_header("Content-Type", "application/json")
            request.send_header("Content-Length", str(1 << 30))
            request.end_headers()
            for _ in range(1 << 14):
                request.wfile.write(b" " * (1 << 16))
        else:
            self.answer(request, *act)
