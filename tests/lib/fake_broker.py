"""fake_broker: a broker that does what Mosquitto cannot. Python's standard library alone."""
import socket
import struct
import threading

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 4, 8, 12, 14


class FakeBroker(threading.Thread):
    """Speaks just enough MQTT to be BEHAVIOUR: refuse, close, silent, payload, old, good."""

    def __init__(self, port, behaviour):
        super().__init__(daemon=True)
        self.behaviour, self.connections, self.published, self.version = behaviour, 0, [], None
        self.listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
        self.open, self.acknowledged, self.subscriber = [], [], None
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @staticmethod
    def read_packet(stream):
        head = stream.read(1)
        if not head:
            return None, b""
        length, shift = 0, 0
        while True:
            byte = stream.read(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return head[0], stream.read(length)

    def serve(self, connection):
        stream = connection.makefile("rb")
        try:
            while self.answer(connection, *self.read_packet(stream)):
                pass
        except (OSError, IndexError):
            pass
        connection.close()

    def answer(self, connection, head, body):
        if head is None:
            return False
        kind = head >> 4
        if kind == CONNECT:
            self.version = body[6]
            return self.answer_connect(connection)
        if kind == PUBLISH:
            return self.answer_publish(connection, head, body)
        if kind == SUBSCRIBE:
            connection.sendall(b"\x90\x04" + body[:2] + b"\x00\x01")
            self.subscriber = connection
        if kind == PUBACK:
            self.acknowledged.append(struct.unpack(">H", body[:2])[0])
        if kind == PINGREQ:
            connection.sendall(b"\xd0\x00")
        return kind != DISCONNECT

    def answer_connect(self, connection):
        if self.behaviour == "close":
            return False
        if self.behaviour == "refuse":
            connection.sendall(b"\x20\x03\x00\x87\x00")  # not authorised
            return False
        if self.behaviour == "old" and self.version == 5:
            connection.sendall(b"\x20\x02\x00\x01")  # in the words of 3.1.1: unacceptable protocol version
            return False
        connection.sendall(b"\x20\x03\x00\x00\x00" if self.version == 5 else b"\x20\x02\x00\x00")
        return True

    def send(self, topic, payload, mid):
        """A message to the subscriber, QoS 1."""
        body = struct.pack(">H", len(topic)) + topic.encode() + struct.pack(">H", mid) + b"\x00" + payload
        length, head = len(body), b"\x32"
        while True:
            head += bytes([length % 128 | (128 if length > 127 else 0)])
            length //= 128
            if not length:
                break
        self.subscriber.sendall(head + body)

    def answer_publish(self, connection, head, body):
        length = struct.unpack(">H", body[:2])[0]
        topic = body[2:2 + length].decode()
        is_event = topic.count("/") == 4
        if (head >> 1) & 3 and self.behaviour != "silent":
            mid = body[2 + length:4 + length]
            bad = self.behaviour == "payload" and is_event
            connection.sendall(b"\x40\x03" + mid + b"\x99" if bad else b"\x40\x02" + mid)
        if is_event:
            self.published.append(body[4 + length:])
        return True
