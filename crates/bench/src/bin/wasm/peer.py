"""extism through its shared library, as the bench `wasm` asks for it: one order a line, one line of nanoseconds back.

The calls go through ctypes with buffers that were made before, so that what is measured is the library; what ctypes itself
takes is told by `floor`.
"""

import ctypes
import json
import os
import sys
import time

import extism_sys

LIBRARY = ctypes.CDLL(os.path.join(os.path.dirname(extism_sys.__file__), "libextism_sys.so"))
LIBRARY.extism_plugin_new.restype = ctypes.c_void_p
LIBRARY.extism_plugin_new.argtypes = [
    ctypes.c_char_p, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_bool,
    ctypes.POINTER(ctypes.c_char_p),
]
LIBRARY.extism_plugin_free.argtypes = [ctypes.c_void_p]
LIBRARY.extism_plugin_call.argtypes = [
    ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint64,
]
LIBRARY.extism_plugin_output_length.restype = ctypes.c_uint64
LIBRARY.extism_plugin_output_length.argtypes = [ctypes.c_void_p]
LIBRARY.extism_version.restype = ctypes.c_char_p

MODULE = open(sys.argv[1], "rb").read()
MANIFEST = MODULE  # The library takes a module as it takes a manifest.
INPUT = bytes([1]) * 4096


def new():
    error = ctypes.c_char_p()
    plugin = LIBRARY.extism_plugin_new(MANIFEST, len(MANIFEST), None, 0, False, ctypes.byref(error))
    if not plugin:
        sys.exit(f"extism: {error.value}")
    return plugin


def call(plugin, name):
    if LIBRARY.extism_plugin_call(plugin, name, INPUT, len(INPUT)) != 0:
        sys.exit("extism: the call failed")
    return LIBRARY.extism_plugin_output_length(plugin)


def timed(work):
    begun = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - begun


def load_and_run():
    plugin = new()
    call(plugin, b"sum")
    LIBRARY.extism_plugin_free(plugin)


KEPT = new()
assert call(KEPT, b"sum") == 64 and call(KEPT, b"take") == 64
WORK = {
    "load": load_and_run,
    "sum": lambda: call(KEPT, b"sum"),
    "take": lambda: call(KEPT, b"take"),
    "floor": LIBRARY.extism_version,
}
print(LIBRARY.extism_version().decode(), flush=True)
for line in sys.stdin:
    what, times = line.split()
    print(json.dumps([timed(WORK[what]) for _ in range(int(times))]), flush=True)
