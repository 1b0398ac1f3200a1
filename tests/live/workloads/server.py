"""An HTTP server with a thread for each request. SIGTERM ends it."""

import hashlib
import http.server
import signal
import threading


class Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args):
        super().__init__(*args, directory="/www")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = hashlib.sha256(body).hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        with log_lock:
            print(self.command, self.path, file=log, flush=True)


log_lock = threading.Lock()
log = open("/tmp/server.log", "w", encoding="ascii")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler)
# shutdown() waits for serve_forever(), which the handler of a signal interrupts: another thread's.
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
print("server ends")
