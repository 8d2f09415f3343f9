//! What tells of a person: addresses of mail, numbers of accounts and telephones, addresses of hosts.

use std::net::Ipv6Addr;
use std::ops::Range;

use super::alphabet::Alphabet;
use super::place;

/// Returns the mail address round this `@`.
pub(super) fn email(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at - LOCAL.run_back(bytes, at, 65);
    let local = &bytes[start..at];
    let mut end = at + 1 + DOMAIN.run(bytes, at + 1, 254);
    while end > at + 1 && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let domain = &bytes[at + 1..end];
    let top = domain.rsplit(|byte| *byte == b'.').next()?;
    if local.is_empty() || local.len() > 64 || domain.len() > 253 || local[0] == b'.' {
        return None;
    }
    let is_host = top.len() < domain.len()
        && top.len() >= 2
        && (top.iter().all(u8::is_ascii_alphabetic) || top.starts_with(b"xn--"))
        && domain.split(|byte| *byte == b'.').all(|label| !label.is_empty());
    if !is_host || NOT_TOP.iter().any(|not| top.eq_ignore_ascii_case(not.as_bytes())) {
        return None;
    }
    // `git@host:path` is a place, the algorithms of SSH have an `@` in their names, and so have ids of messages.
    let before = &bytes[start.saturating_sub(24)..start];
    let message = before.windows(10).any(|word| {
        word.eq_ignore_ascii_case(b"message-id") || word.eq_ignore_ascii_case(b"references")
    });
    let place = local == b"git" || before.ends_with(b"://") || bytes.get(end) == Some(&b'@');
    let algorithm = domain.ends_with(b"openssh.com") || domain.ends_with(b"libssh.org");
    (!message && !place && !algorithm).then_some(start..end)
}

/// Returns the password in the address whose user part this `@` ends; without a password, the user part, if it looks
/// like a token.
pub(super) fn url_credentials(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let ends = |byte: &u8| *byte <= b' ' || b"\"'<>\\@`".contains(byte);
    let before = &bytes[at.saturating_sub(LONGEST_USER)..at];
    let start = before.iter().rposition(ends).map_or(0, |end| end + 1);
    let user = at - before.len() + start;
    let scheme = memchr::memmem::rfind(&bytes[user..at], b"://")?;
    let user = user + scheme + 3;
    // The last `@` before the host's end separates: passwords have some, too.
    let mut end = at;
    for (number, byte) in bytes[at..].iter().enumerate().take(128) {
        match byte {
            b'@' => end = at + number,
            byte if *byte <= b' ' || b"/?#\"'<>\\`,".contains(byte) => break,
            _ => {}
        }
    }
    let part = &bytes[user..end];
    let Some(colon) = memchr::memchr(b':', part) else {
        let token = super::verify::random(part) && !part.contains(&b'/');
        return token.then_some(user..end);
    };
    let password = &part[colon + 1..];
    // `host:8080/path@version` has no user.
    let is_port = password.split(|byte| *byte == b'/').next()?.iter().all(u8::is_ascii_digit);
    let path = part[..colon].contains(&b'/') || (password.contains(&b'/') && is_port);
    (!password.is_empty() && !path && !super::assignment::is_placeholder(password))
        .then_some(user + colon + 1..end)
}

/// Returns the account number whose country's second letter and first check digit stand here.
pub(super) fn iban(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(1)?;
    let country = bytes.get(start..start + 2)?;
    let length = COUNTRIES.iter().find(|(code, _)| code.as_bytes() == country)?.1;
    if !place::begins(bytes, start, Alphabet::WORD) {
        return None;
    }
    let mut text = [0; 34];
    let (mut count, mut end) = (0, start);
    while count < length {
        match bytes.get(end)? {
            byte if Alphabet::UPPER_ALNUM.has(*byte) => {
                text[count] = *byte;
                count += 1;
            }
            // Printed ones stand in fours.
            b' ' | b'-' if count > 0 && count.is_multiple_of(4) => {}
            _ => return None,
        }
        end += 1;
    }
    let text = &text[..length];
    let digits = text[2..4].iter().all(u8::is_ascii_digit);
    let sum = text[4..].iter().chain(&text[..4]).fold(0_u32, |sum, byte| match byte {
        b'0'..=b'9' => (sum * 10 + u32::from(byte - b'0')) % 97,
        _ => (sum * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    (digits && sum == 1 && place::ends(bytes, end, Alphabet::WORD)).then_some(start..end)
}

/// Returns the telephone number whose `+` stands here.
pub(super) fn phone(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-./_%=)".contains(byte)) {
        // `?phone=+49...` and `tel=+49...` are, but a query's `a=+5` is a blank and a number.
        let tells = before == Some(&b'=') && is_named_phone(bytes, at);
        tells.then_some(())?;
    }
    let mut digits = [0_u8; 16];
    let (mut count, mut end, mut separators, mut last) = (0, at + 1, 0, at);
    while let Some(byte) = bytes.get(end) {
        match byte {
            b'0'..=b'9' => {
                *digits.get_mut(count)? = byte - b'0';
                count += 1;
                last = end;
            }
            b' ' | b'-' | b'.' | b'(' | b')' | b'/' if end - last <= 2 => separators += 1,
            _ => break,
        }
        end += 1;
    }
    let end = last + 1;
    let digits = &digits[..count];
    let national = matches!(digits, [1, 2..=9, _, _, 2..=9, ..] if count == 11)
        || (digits.first() != Some(&1)
            && (if separators > 0 { 9 } else { 10 }..=15).contains(&count));
    let fraction = matches!(bytes.get(end), Some(b'.' | b':'))
        && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    let unit =
        bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_%@".contains(byte));
    (national && !fraction && !unit).then_some(at..end)
}

fn is_named_phone(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[at.saturating_sub(24)..at];
    ["phone", "tel", "mobile", "msisdn", "from", "to", "sender", "recipient", "number", "wa_id"]
        .iter()
        .any(|name| {
            before.windows(name.len()).any(|word| word.eq_ignore_ascii_case(name.as_bytes()))
        })
}

/// Returns the IPv4 address of which this digit and dot are the first.
pub(super) fn ipv4(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at + 1 - (1 + Alphabet::DIGIT.run_back(bytes, at, 3));
    if !place::begins(bytes, start, Alphabet::NAME) || start > 0 && bytes[start - 1] == b'.' {
        return None;
    }
    let mut end = start;
    for part in 0..4 {
        if part > 0 {
            (bytes.get(end) == Some(&b'.')).then_some(())?;
            end += 1;
        }
        let digits = Alphabet::DIGIT.run(bytes, end, 4);
        let number = bytes[end..end + digits]
            .iter()
            .fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
        ((1..=3).contains(&digits) && number <= 255).then_some(())?;
        end += digits;
    }
    let more = bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    (!more && place::ends(bytes, end, Alphabet::WORD)).then_some(start..end)
}

/// Returns the IPv6 address that this colon stands in.
pub(super) fn ipv6(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at - IPV6.run_back(bytes, at, 46);
    let end = at + IPV6.run(bytes, at, 46);
    let text = str::from_utf8(&bytes[start..end]).ok()?;
    let text = text.strip_suffix('.').unwrap_or(text);
    let colons = text.bytes().filter(|byte| *byte == b':').count();
    let known = colons > 1 && text.parse::<Ipv6Addr>().is_ok();
    (known && place::begins(bytes, start, Alphabet::WORD)).then_some(start..start + text.len())
}

const LOCAL: Alphabet = Alphabet::NAME.or(Alphabet::PERCENT).or(Alphabet::PLUS);
const DOMAIN: Alphabet = Alphabet::ALNUM.or(Alphabet::DASH).or(Alphabet::DOT);
const IPV6: Alphabet = Alphabet::HEX.or(Alphabet::DOT).or(Alphabet::COLON);

/// What ends no host's name: units of systemd, files, and names that are local only.
const NOT_TOP: &[&str] = &[
    "service",
    "socket",
    "timer",
    "target",
    "mount",
    "automount",
    "slice",
    "scope",
    "path",
    "device",
    "swap",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "css",
    "js",
    "ts",
    "json",
    "html",
    "htm",
    "tgz",
    "gz",
    "tar",
    "zip",
    "whl",
    "jar",
    "deb",
    "rpm",
    "log",
    "txt",
    "local",
    "localdomain",
    "internal",
    "lan",
    "conf",
    "yml",
    "yaml",
    "toml",
    "xml",
    "lock",
    "so",
    "dll",
    "exe",
];

const LONGEST_USER: usize = 256;

/// The countries of ISO 13616's registry, with the lengths of their numbers.
const COUNTRIES: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// Returns the second letters of countries with a digit each.
pub(super) fn iban_pairs() -> Vec<[u8; 2]> {
    COUNTRIES
        .iter()
        .flat_map(|(code, _)| (b'0'..=b'9').map(|digit| [code.as_bytes()[1], digit]))
        .collect()
}
