#!/usr/bin/python3
"""A plugin: JSON comes in on standard input, JSON goes out on standard output."""

import sys


def count(text):
    """What the answer is computed from the input."""
    @basic@ return len(text)
    @advanced@ return sum(text)
    @api@ return sum(1 for byte in text if chr(byte | 32) in "abcdefghijklmnopqrstuvwxyz")
    @security@ return text.count(b"<")


@advanced@ sys.stderr.write("summed up\n")
sys.stdout.write('{"@KEY@":%d}' % count(sys.stdin.buffer.read()))
