"""What stands between the program and the service: it passes everything on, until it is to go wrong."""

import socket
import struct
import threading


class Relay:
    """Counts what passes in each direction, over all connections. At the `at`-th octet from the client (or from the service, `back`) it
    does `fault`: `reset` and `close` both sides, `hold` all that comes later until the client gives up, `wait` a little, once. `struck`
    tells whether that octet has come."""

    KINDS = ("reset", "close", "hold", "wait")

    def __init__(self, url, fault=None, at=None, back=False):
        host, port = url.removeprefix("http://").rsplit(":", 1)
        self.service, self.fault, self.at, self.back = (host, int(port)), fault, at, back
        self.passed, self.lock, self.begun, self.struck = [0, 0], threading.Lock(), False, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def listen(self):
        while True:
            try:
                client, _ = self.listener.accept()
                service = socket.create_connection(self.service)
            except OSError:
                return
            for back, ends in ((False, (client, service)), (True, (service, client))):
                threading.Thread(target=self.carry, args=(back, *ends), daemon=True).start()

    def carry(self, back, source, target):
        try:
            while part := source.recv(65536):
                with self.lock:
                    begun = self.passed[back]
                    self.passed[back] += len(part)
                    strikes = self.fault and back == self.back and not self.begun and begun <= self.at < self.passed[back]
                    self.begun |= bool(strikes)
                if not strikes:
                    target.sendall(part)
                    continue
                target.sendall(part[:self.at - begun])
                self.struck = True
                if self.fault == "hold":
                    threading.Event().wait(60)
                if self.fault != "wait":
                    for end in (source, target):
                        if self.fault == "reset":
                            # Nothing lingers: the other side gets a reset (socket(7)).
                            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                            # The thread that reads from it would keep it open until then.
                            end.shutdown(socket.SHUT_RD)
                        else:
                            end.shutdown(socket.SHUT_RDWR)
                        end.close()
                    return
                threading.Event().wait(0.3)
                target.sendall(part[self.at - begun:])
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
