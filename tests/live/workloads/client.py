"""Four threads with 25 requests each; one line for each kind of answer and how often it came."""

import collections
import hashlib
import threading
import time
import urllib.error
import urllib.request

URL = "http://127.0.0.1:8000"
answers = collections.Counter()


def ask(path, data=None):
    try:
        with urllib.request.urlopen(URL + path, data) as answer:
            body = answer.read()
            if path == "/":
                return f"{path} {answer.status} {body.count(b'<a href=')} files"
            return f"{path} {answer.status} {hashlib.sha256(body).hexdigest()}"
    except urllib.error.HTTPError as error:
        return f"{path} {error.code}"


def client():
    for _ in range(5):
        for path, data in (
            ("/small", None),
            ("/big", None),
            ("/", None),
            ("/missing", None),
            ("/sum", b"x" * 100000),
        ):
            answers.update([ask(path, data)])


def wait_for_server():
    """Sleeps first, so that each run has slept."""
    for _ in range(600):
        time.sleep(0.1)
        try:
            return ask("/small")
        except OSError:
            pass
    raise SystemExit("no server")


wait_for_server()
threads = [threading.Thread(target=client) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for line, count in sorted(answers.items()):
    print(count, line)
