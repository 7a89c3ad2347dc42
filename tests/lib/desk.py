"""desk: somebody who has signed in at the desk, as a browser without JavaScript. Python's standard library alone."""
import html
import http.client
import json
import re
import sys
import urllib.parse
import uuid

import gateway as gateways

FIELD = re.compile(r'<input type="hidden" name="(csrf|at)" value="([^"]*)">')


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers = status, headers
        self.bytes = body
        self.text = body.decode("utf-8", "replace")
        self.location = headers.get("Location", "")

    def main(self):
        """What stands in <main>, as plain text."""
        inside = re.search(r"<main.*?>(.*)</main>", self.text, re.S)
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", inside.group(1) if inside else self.text)))


class Desk:
    def __init__(self, gateway, address=None):
        self.gateway, self.cookie = gateway, None
        if address:
            self.sign_in(address)

    def request(self, method, path, body=None, kind="application/x-www-form-urlencoded", headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=60)
        sent = dict(headers)
        if self.cookie:
            sent["Cookie"] = f"kapula-desk={self.cookie}"
        if body is not None:
            sent["Content-Type"] = kind
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        given = re.match(r"kapula-desk=([^;]*)", answer.headers.get("Set-Cookie", ""))
        if given:
            self.cookie = given.group(1) or None
        return Answer(answer.status, answer.headers, body)

    def get(self, path):
        return self.request("GET", path)

    def fields(self, path):
        """csrf and at of a page's forms."""
        return dict(FIELD.findall(self.get(path).text))

    def post(self, path, fields, page=None):
        """Sends a form as PAGE (the same path, unless it is given) would; lists are repeated fields."""
        sent = {**self.fields(page or path), **fields}
        return self.send(path, sent)

    def send(self, path, fields):
        return self.request("POST", path, urllib.parse.urlencode(fields, doseq=True).encode())

    def post_file(self, path, fields, content, page=None):
        """The same with a file, as multipart/form-data."""
        mark = uuid.uuid4().hex
        parts = b""
        for name, value in {**self.fields(page or path), **fields}.items():
            parts += f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        parts += f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'.encode()
        parts += content + f"\r\n--{mark}--\r\n".encode()
        return self.request("POST", path, parts, f"multipart/form-data; boundary={mark}")

    def sign_in(self, address):
        """By the link that the sandbox was given."""
        seen = set(self.links())
        answer = self.post("/desk/sign-in", {"email": address})
        if answer.status != 303:
            sys.exit(f"FAILED: sign-in of {address}: {answer.status}")
        new = []

        def arrived():
            new[:] = [link for link in self.links() if link not in seen]
            return bool(new)

        gateways.wait_until(arrived, what=f"a sign-in link for {address}")
        path = new[0]
        token = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)["token"][0]
        answer = self.post("/desk/enter", {"token": token}, page=path)
        if answer.status != 303 or not self.cookie:
            sys.exit(f"FAILED: sign-in of {address}: {answer.status} {answer.main()}")

    def links(self):
        messages = json.loads(self.request("GET", "/sandbox/messages.json").text)
        messages = messages.get("messages", messages) if isinstance(messages, dict) else messages
        return [link for each in messages for link in re.findall(r"/desk/enter\?token=[\w-]+", each["text"])]
