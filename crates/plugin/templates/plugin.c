// A plugin. The host calls wk_alloc for room, writes the input there and calls wk_handle.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

@advanced@ __attribute__((import_module("wardkit"), import_name("log")))
@advanced@ void wk_log(u32 level, const char *address, u32 length);

#define ROOM 65536

static u8 input[ROOM];
static u8 output[64];

u8 *wk_alloc(u32 length) {
    if (length > ROOM) __builtin_trap();
    return input;
}

// What the answer is computed from the input.
static u64 count(const u8 *text, u32 length) {
    u64 found = 0;
    for (u32 at = 0; at < length; at++) {
        @basic@ (void)text;
        @basic@ found++;
        @advanced@ found += text[at];
        @api@ u8 low = text[at] | 32;
        @api@ if (low >= 'a' && low <= 'z') found++;
        @security@ if (text[at] == '<') found++;
    }
    return found;
}

u64 wk_handle(const u8 *text, u32 length) {
    const char *head = "{\"@KEY@\":";
    u32 end = 0;
    @advanced@ wk_log(2, "summed up", 9);
    for (; head[end]; end++) output[end] = (u8)head[end];
    u64 number = count(text, length);
    u8 digits[20];
    u32 left = 0;
    do {
        digits[left++] = (u8)('0' + number % 10);
        number /= 10;
    } while (number);
    while (left) output[end++] = digits[--left];
    output[end++] = '}';
    return ((u64)(u32)(unsigned long)output << 32) | end;
}
