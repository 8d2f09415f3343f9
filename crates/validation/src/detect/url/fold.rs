//! Characters that IDNA or a resolver turns into plain ones.

/// Returns the plain character that `c` stands for, when it is not plain itself.
pub(super) fn plain(c: char) -> Option<char> {
    let code = u32::from(c);
    let from = |base: char, offset: u32| char::from_u32(u32::from(base) + offset);
    match code {
        // Wide forms.
        0xff0d | 0xff0e | 0xff0f | 0xff05 | 0xff1a | 0xff20 | 0xff3c => from('!', code - 0xff01),
        0xff10..=0xff19 => from('0', code - 0xff10),
        0xff21..=0xff3a => from('a', code - 0xff21),
        0xff41..=0xff5a => from('a', code - 0xff41),
        // Circled, in brackets, with a full stop.
        0x2460..=0x2468 => from('1', code - 0x2460),
        0x2474..=0x247c => from('1', code - 0x2474),
        0x2488..=0x2490 => from('1', code - 0x2488),
        0x24f5..=0x24fd => from('1', code - 0x24f5),
        0x2776..=0x277e => from('1', code - 0x2776),
        0x24ea | 0x24ff | 0x2070 => Some('0'),
        0x249c..=0x24b5 => from('a', code - 0x249c),
        0x24b6..=0x24cf => from('a', code - 0x24b6),
        0x24d0..=0x24e9 => from('a', code - 0x24d0),
        0x1f130..=0x1f149 => from('a', code - 0x1f130),
        // Raised and lowered.
        0xb2 | 0xb3 => from('2', code - 0xb2),
        0xb9 => Some('1'),
        0x2074..=0x2079 => from('4', code - 0x2074),
        0x2080..=0x2089 => from('0', code - 0x2080),
        // Mathematical letters, 52 to an alphabet, and digits.
        0x1d400..=0x1d6a3 => from('a', (code - 0x1d400) % 26),
        0x1d7ce..=0x1d7ff => from('0', (code - 0x1d7ce) % 10),
        // Full stops that separate labels, and their like.
        0x3002 | 0xff61 | 0x2024 => Some('.'),
        // Slashes and the at sign.
        0x2044 | 0x2215 | 0x29f8 => Some('/'),
        0xfe6b => Some('@'),
        _ => letterlike(c),
    }
}

/// Letters of the block of letter-like signs, and of ligatures, which become more than one.
fn letterlike(c: char) -> Option<char> {
    Some(match c {
        '\u{2102}' | '\u{212d}' => 'c',
        '\u{210a}' => 'g',
        '\u{210b}'..='\u{210e}' => 'h',
        '\u{2110}' | '\u{2111}' | '\u{2139}' => 'i',
        '\u{2112}' | '\u{2113}' => 'l',
        '\u{2115}' => 'n',
        '\u{2119}' => 'p',
        '\u{211a}' => 'q',
        '\u{211b}'..='\u{211d}' => 'r',
        '\u{2124}' | '\u{2128}' => 'z',
        '\u{212c}' => 'b',
        '\u{2130}' | '\u{212f}' => 'e',
        '\u{2134}' => 'o',
        '\u{2131}' | '\u{fb00}'..='\u{fb04}' => 'f',
        '\u{2133}' | '\u{3396}' | '\u{33d0}'..='\u{33d5}' => 'm',
        _ => return None,
    })
}
