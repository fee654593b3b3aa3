"""Bodies: bytes, or one byte repeated so that a large body does not have to be written out."""

from .wire import base64_of


class Repeat:
    def __init__(self, byte, count):
        self.byte, self.count = byte, count

    def to_bytes(self):
        return self.byte * self.count

    def to_json(self):
        return {"repeat": {"byteHex": self.byte.hex(), "count": self.count}}


def bytes_of(body):
    return body.to_bytes() if isinstance(body, Repeat) else body


def json_of(body):
    return body.to_json() if isinstance(body, Repeat) else base64_of(body)
