"""A bot as people write them: says when it is ready, answers pings, works, and ends in its own time when asked to.

Argument: its name. In the folder WARDKIT_SCENE it notes each number that it has written.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import time

name = sys.argv[1]
run = os.environ["WARDKIT_SERVICE"].rsplit("/", 1)[1]
os.chdir(os.environ["WARDKIT_SCENE"])
ends = threading.Event()


def notify(text):
    """Tells the service manager, as sd_notify does: whoever listens may be away for a moment."""
    address = os.environ["NOTIFY_SOCKET"]
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, contextlib.suppress(OSError):
        manager.connect(address)
        manager.sendall(text.encode())


def answer(listener):
    """Answers each ping."""
    while True:
        client, _ = listener.accept()
        with client:
            if client.recv(64).strip() == b"ping":
                client.sendall(b"pong\n")


signal.signal(signal.SIGTERM, lambda *_: ends.set())
path = name + ".sock"
if os.path.exists(path):
    os.unlink(path)
pings = socket.socket(socket.AF_UNIX)
pings.bind(path)
pings.listen()
threading.Thread(target=answer, args=(pings,), daemon=True).start()
notify("READY=1\nSTATUS=reads messages")
number = 0
with open(f"{name}.written.{run}", "a", encoding="ascii") as written:
    while not ends.is_set():
        print(run, number, flush=True)
        print(number, file=written, flush=True)
        number += 1
        notify("WATCHDOG=1")
        time.sleep(0.05)
with open(f"{name}.ended", "a", encoding="ascii") as ended:
    print(run, file=ended)
