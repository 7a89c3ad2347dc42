"""far_provider: the providers' end of the line. An HTTPS proxy that answers for every host itself, with a certificate
made for the test, and an SMTP server with STARTTLS. Both record each request and answer as they are told.

Python's standard library and, for SMTP alone, aiosmtpd (Debian: python3-aiosmtpd)."""
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import threading


def make_certificate(folder, hosts):
    """(certificate, key) files for the hosts, signed by itself."""
    certificate, key = os.path.join(folder, "far.pem"), os.path.join(folder, "far.key")
    names = ",".join(("IP:" if host[0].isdigit() else "DNS:") + host for host in hosts)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=far", "-addext", "subjectAltName=" + names, "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return certificate, key


class Request:
    def __init__(self, method, url, headers, body):
        self.method, self.url, self.headers, self.body = method, url, headers, body


def read_request(stream, host):
    line = stream.readline().decode()
    if not line.strip():
        return None
    method, target, _ = line.split(" ", 2)
    headers = {}
    while True:
        line = stream.readline().decode().rstrip("\r\n")
        if not line:
            break
        name, value = line.split(":", 1)
        if name.lower() in headers:
            raise ValueError("header twice: " + name)
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0))).decode()
    return Request(method, "https://" + host + target if host else target, headers, body)


class Far(socketserver.ThreadingTCPServer):
    """ANSWER(request) gives (status, headers, body), or None: the connection is closed without a word."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, certificate, key, answer):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.answer, self.requests, self.lock = answer, [], threading.Lock()
        super().__init__(("127.0.0.1", 0), FarHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.server_address[1]


class FarHandler(socketserver.BaseRequestHandler):
    def handle(self):
        plain = self.request.makefile("rb")
        connect = read_request(plain, "")
        if connect is None or connect.method != "CONNECT":
            return
        host, port = connect.url.rsplit(":", 1)
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            secure = self.server.context.wrap_socket(self.request, server_side=True)
            stream = secure.makefile("rb")
            while self.serve_one(secure, stream, host if port == "443" else f"{host}:{port}"):
                pass
        except (OSError, ValueError):
            pass

    def serve_one(self, secure, stream, host):
        request = read_request(stream, host)
        if request is None:
            return False
        with self.server.lock:
            self.server.requests.append(request)
        answer = self.server.answer(request)
        if answer is None:
            secure.shutdown(socket.SHUT_RDWR)
            return False
        status, headers, body = answer
        data = body.encode()
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(data)}"] + [f"{name}: {value}" for name, value in headers.items()]
        secure.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        return True


# ---- SMTP


def start_smtp(certificate, key, user, password, answer):
    """(port, messages, stop). ANSWER("RCPT" or "DATA", recipient) gives a reply line, or None to close the connection.
    MESSAGES gets (envelope sender, recipients, bytes, whether TLS was on, who had logged in)."""
    sys.path.append("/usr/lib/python3/dist-packages")
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult, SMTP

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    messages = []

    def authenticate(server, session, envelope, mechanism, data):
        good = (data.login.decode(), data.password.decode()) == (user, password)
        return AuthResult(success=good, auth_data=data.login.decode())

    class Handler:
        async def handle_RCPT(self, server, session, envelope, address, options):
            reply = answer("RCPT", address)
            if reply.startswith("250"):
                envelope.rcpt_tos.append(address)
            return reply

        async def handle_DATA(self, server, session, envelope):
            messages.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content, session.ssl is not None,
                             session.auth_data))
            reply = answer("DATA", envelope.rcpt_tos[0])
            if reply is None:
                server.transport.abort()
                return "250 gone"
            return reply

    class Server(Controller):
        def factory(self):
            return SMTP(self.handler, hostname="far", tls_context=context, require_starttls=True, authenticator=authenticate,
                        auth_required=True)

    controller = Server(Handler(), hostname="127.0.0.1", port=free_port())
    controller.start()
    return controller.port, messages, controller.stop


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
