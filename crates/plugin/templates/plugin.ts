// A plugin in AssemblyScript. The host calls wk_alloc for room, writes the input there and calls wk_handle.

@advanced@ @external("wardkit", "log")
@advanced@ declare function log(level: i32, address: usize, length: i32): void;

const ROOM: i32 = 65536;
const input: usize = memory.data(65536);
const output: usize = memory.data(64);
const head: usize = memory.data<u8>([@KEY_BYTES@]);
const HEAD_LENGTH: i32 = @HEAD_LENGTH@;
@advanced@ const said: usize = memory.data<u8>([115, 117, 109, 109, 101, 100, 32, 117, 112]);

export function wk_alloc(length: i32): usize {
  if (<u32>length > <u32>ROOM) unreachable();
  return input;
}

// What the answer is computed from the input.
function count(address: usize, length: i32): u64 {
  let found: u64 = 0;
  for (let at: i32 = 0; at < length; at++) {
    @basic@ found++;
    @advanced@ found += <u64>load<u8>(address + <usize>at);
    @api@ const low: i32 = <i32>load<u8>(address + <usize>at) | 32;
    @api@ if (low >= 97 && low <= 122) found++;
    @security@ if (load<u8>(address + <usize>at) == 60) found++;
  }
  return found;
}

export function wk_handle(address: usize, length: i32): i64 {
  @advanced@ log(2, said, 9);
  memory.copy(output, head, HEAD_LENGTH);
  let end: usize = <usize>HEAD_LENGTH;
  const number: u64 = count(address, length);
  let scale: u64 = 1;
  while (number / scale >= 10) scale *= 10;
  while (scale > 0) {
    store<u8>(output + end, <u8>(48 + ((number / scale) % 10)));
    end++;
    scale /= 10;
  }
  store<u8>(output + end, 125);
  return (<i64>output << 32) | <i64>(end + 1);
}
