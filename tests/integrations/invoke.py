"""Invokes `hsmboot lambda` once, as Lambda does: invoke.py PROGRAM < EVENT > ANSWER."""

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

event = sys.stdin.buffer.read()
answer = {}
answered = threading.Event()


class Runtime(BaseHTTPRequestHandler):
    def do_GET(self):
        if answered.is_set() or answer:
            time.sleep(60)
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() * 1000) + 300_000))
        self.send_header("Content-Length", str(len(event)))
        self.end_headers()
        self.wfile.write(event)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer.update(StatusCode=200, Payload=body, LogResult="")
        if self.path.endswith("/error"):
            answer["FunctionError"] = "Unhandled"
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        answered.set()

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Runtime)
threading.Thread(target=server.serve_forever, daemon=True).start()
environment = {**os.environ, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}"}
child = subprocess.Popen([sys.argv[1], "lambda"], env=environment, stdout=subprocess.DEVNULL)
came = answered.wait(120)
child.kill()
if not came:
    sys.exit("the function does not answer")
print(json.dumps(answer))
os._exit(0) if sys.stdout.flush() is None else None
