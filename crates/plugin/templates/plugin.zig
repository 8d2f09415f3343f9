// A plugin. The host calls wk_alloc for room, writes the input there and calls wk_handle.

const room = 65536;

var input: [room]u8 = undefined;
var output: [64]u8 = undefined;

@advanced@ extern "wardkit" fn log(level: u32, address: [*]const u8, length: u32) void;

export fn wk_alloc(length: u32) [*]u8 {
    if (length > room) @trap();
    return &input;
}

// What the answer is computed from the input.
fn count(text: []const u8) u64 {
    var found: u64 = 0;
    for (text) |byte| {
        @basic@ _ = byte;
        @basic@ found += 1;
        @advanced@ found += byte;
        @api@ const low = byte | 32;
        @api@ if (low >= 'a' and low <= 'z') found += 1;
        @security@ if (byte == '<') found += 1;
    }
    return found;
}

export fn wk_handle(address: [*]const u8, length: u32) u64 {
    const head = "{\"@KEY@\":";
    var end: u32 = 0;
    @advanced@ const said = "summed up";
    @advanced@ log(2, said, said.len);
    for (head) |byte| {
        output[end] = byte;
        end += 1;
    }
    var number = count(address[0..length]);
    var digits: [20]u8 = undefined;
    var left: u32 = 0;
    while (true) {
        digits[left] = '0' + @as(u8, @intCast(number % 10));
        left += 1;
        number /= 10;
        if (number == 0) break;
    }
    while (left > 0) {
        left -= 1;
        output[end] = digits[left];
        end += 1;
    }
    output[end] = '}';
    return (@as(u64, @intFromPtr(&output)) << 32) | (end + 1);
}
