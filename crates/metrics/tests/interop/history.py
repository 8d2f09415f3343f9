"""Reads a history as docs/specs/history-format.md says, and prints what it holds, a line for each sample and row."""

import os
import struct
import sys
import zlib

WRAP = 1 << 64


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        assert self.at + length <= len(self.data), "it ends too early"
        self.at += length
        return self.data[self.at - length:self.at]

    def byte(self):
        return self.take(1)[0]

    def number(self):
        found = 0
        for shift in range(0, 70, 7):
            byte = self.byte()
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                return found
        raise AssertionError("a number of more than ten bytes")

    def signed(self):
        return unzigzag(self.number())

    def left(self):
        return self.at < len(self.data)


class Bits:
    def __init__(self, source):
        self.source, self.byte, self.have = source, 0, 0

    def take(self, count):
        found = 0
        for _ in range(count):
            if self.have == 0:
                self.byte, self.have = self.source.byte(), 8
            self.have -= 1
            found = found << 1 | self.byte >> self.have & 1
        return found


def unzigzag(number):
    return number >> 1 if number & 1 == 0 else -(number >> 1) - 1


def wrapped(number):
    number %= WRAP
    return number - WRAP if number >= WRAP // 2 else number


def hexed(bits):
    return struct.pack(">Q", bits).hex()


def bits_of(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def whole_numbers(source, count):
    if count == 0:
        return []
    first, divisor = source.signed(), source.number()
    numbers, before, bits = [first], 0, Bits(source)
    while len(numbers) < count:
        differences, has_base, low = bits.take(1), bits.take(1), bits.take(6)
        base = unzigzag(bits.take(bits.take(6) + 1)) if has_base else 0
        for _ in range(min(64, count - len(numbers))):
            rest = 0
            if low != 63:
                ones = 0
                while ones < 24 and bits.take(1):
                    ones += 1
                rest = unzigzag(bits.take(64) if ones == 24 else ones << low | bits.take(low))
            before = wrapped((before if differences else 0) + base + rest)
            numbers.append(wrapped(first + before * divisor))
    return numbers


def changes(source):
    """Gives for each value how it differs: None where there is none."""
    while source.left():
        byte = source.byte()
        if byte < 64:
            yield from [0] * (byte + 1)
        elif byte < 128:
            yield from [None] * (byte - 63)
        else:
            low, length = byte >> 3 & 7, (byte & 7) + 1
            yield int.from_bytes(source.take(length), "little") << 8 * low


def column(source, count):
    """Returns the bits of the values."""
    kind = source.byte()
    if kind == 0:
        return [bits_of(float(source.signed()))] * count
    if kind == 1:
        return [int.from_bytes(source.take(8), "little")] * count
    if kind == 2:
        places = source.byte()
        others = [(source.number(), int.from_bytes(source.take(8), "little")) for _ in range(source.number())]
        values = [bits_of(number / 10**places) for number in whole_numbers(source, count)]
        for index, bits in others:
            values[index] = bits
        return values
    assert kind == 3, kind
    values, before = [], 0
    change = changes(source)
    while len(values) < count:
        before ^= next(change)
        values.append(before)
    return values


def frames(data, at):
    """Gives the offset, kind and content of each whole frame."""
    while at + 8 <= len(data):
        length, checksum = struct.unpack_from("<II", data, at)
        content = data[at + 8:at + 8 + length]
        if len(content) < length or zlib.crc32(content) != checksum:
            return
        yield at, content[0], content[1:]
        at += 8 + length


def segment(path, keys):
    data = open(path, "rb").read()
    assert data[:8] == b"wkhist1\n"
    assert struct.unpack_from("<I", data, 17)[0] == zlib.crc32(data[:17])
    tier, ticks, began = data[8], {}, False
    for at, kind, content in frames(data, 21):
        source = Bytes(content)
        if kind == 1:
            assert not began
            began = True
        elif kind == 6:
            assert began
            began = False
        elif kind == 2:
            key = b""
            while source.left():
                number, shared, more = source.number(), source.number(), source.number()
                key = key[:shared] + source.take(more)
                assert keys.setdefault(number, key) == key
        elif kind == 3:
            ticks[at] = whole_numbers(source, source.number())
        else:
            assert kind == (4 if tier == 0 else 5)
            block(source, at, tier, keys, ticks)
    assert not began


def block(source, at, tier, keys, ticks):
    key = keys[source.number()].decode()
    if source.byte() == 0:
        start, width = source.signed(), source.signed()

        def time(index):
            return start + index * width
    else:
        shared = ticks[at - source.number()]
        source.number()

        def time(index):
            return shared[index]
    there, end = [], 0
    for _ in range(source.number()):
        start_of_run = end + source.number()
        end = start_of_run + source.number()
        there += range(start_of_run, end)
    columns = []
    for _ in range(1 if tier == 0 else 5):
        if source.data[source.at] >= 128:
            columns.append(columns[source.byte() - 128])
        else:
            columns.append(column(source, len(there)))
    assert not source.left()
    for place, index in enumerate(there):
        print(tier, time(index), key, *(hexed(values[place]) for values in columns))


def journal(path):
    series = []  # key, last bits

    def show(one, at, change):
        if change is not None:
            one[1] ^= change
            print(0, at, one[0], hexed(one[1]))

    for _, kind, content in frames(open(path, "rb").read(), 0):
        source = Bytes(content)
        if kind == 8:
            times = [source.signed() for _ in range(source.number())]
            for _ in range(source.number()):
                one = [source.take(source.number()).decode(), 0]
                series.append(one)
                first, count = source.number(), source.number()
                found = list(changes(Bytes(source.take(source.number()))))
                assert len(found) == count
                for index, change in enumerate(found, first):
                    show(one, times[index], change)
        else:
            assert kind == 7
            at = source.signed()
            for _ in range(source.number()):
                series.append([source.take(source.number()).decode(), 0])
            for one, change in zip(series, changes(source)):
                show(one, at, change)


keys = {}
for name in sorted(os.listdir(sys.argv[1])):
    path = os.path.join(sys.argv[1], name)
    if name.endswith(".segment"):
        segment(path, keys)
    elif name.endswith(".journal"):
        journal(path)
