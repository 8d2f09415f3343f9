"""A daemon of the old kind: forks twice, in a session of its own, and says which process is the main one.

Argument: its name. The first process ends as soon as the daemon runs.
"""

import os
import socket
import sys
import time

name = sys.argv[1]
run = os.environ["WARDKIT_SERVICE"].rsplit("/", 1)[1]
os.chdir(os.environ["WARDKIT_SCENE"])
there, here = os.pipe()

if os.fork():
    os.close(here)
    # The daemon has said that it is the main process now.
    assert os.read(there, 1) == b"."
    sys.exit(0)
os.setsid()
if os.fork():
    os._exit(0)

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
    manager.connect(os.environ["NOTIFY_SOCKET"])
    manager.sendall(f"MAINPID={os.getpid()}\nREADY=1".encode())
time.sleep(0.1)
os.write(here, b".")
os.close(here)
number = 0
with open(f"{name}.written.{run}", "a", encoding="ascii") as written:
    while True:
        print(run, number, flush=True)
        print(number, file=written, flush=True)
        number += 1
        time.sleep(0.05)
