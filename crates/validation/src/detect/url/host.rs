//! What the authority of a URL says: user, host, port.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{fold, rules, script};
use crate::detect::Rule;
use crate::net::{AddressKind, AddressMap};

/// What was seen in an authority: the rules that it breaks, at most one of each group.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that exclude none of the others")]
pub(crate) struct Seen {
    /// Where it leads: an address or a name of the inside.
    pub(crate) target: Option<&'static Rule>,
    /// How it is written.
    pub(crate) spelling: Option<&'static Rule>,
    /// A user before the host.
    pub(crate) userinfo: bool,
    /// A port of something else than a web server.
    pub(crate) service_port: bool,
    /// A name with several labels, the last of which can be one of the top, or an address.
    pub(crate) is_host: bool,
    /// A name whose labels imitate the end of another name.
    pub(crate) imitates: bool,
}

/// Reads an authority. Costs linear time, and looks at no more than [`LONGEST`] bytes.
pub(crate) fn read(authority: &str) -> Seen {
    let mut seen = Seen::default();
    let (user, rest) = authority.rsplit_once('@').map_or((None, authority), |(u, h)| (Some(u), h));
    seen.userinfo = user.is_some() && !rest.is_empty();
    let (host, port) = split_port(rest);
    match port.map(str::parse::<u16>) {
        Some(Ok(port)) => seen.service_port = SERVICE_PORTS.contains(&port),
        Some(Err(_)) if port != Some("") => seen.spelling = Some(&rules::MALFORMED_AUTHORITY),
        _ => {}
    }
    if host.len() > LONGEST {
        return seen;
    }
    if let Some(inside) = host.strip_prefix('[') {
        read_v6(inside.strip_suffix(']').unwrap_or(inside), &mut seen);
        return seen;
    }
    let (name, spelling) = plain_name(host);
    seen.spelling = seen.spelling.or(spelling);
    read_name(&name, &mut seen);
    seen
}

fn split_port(rest: &str) -> (&str, Option<&str>) {
    let after_bracket = rest.find(']').map_or(0, |at| at + 1);
    match rest[after_bracket..].find(':') {
        Some(at) => (&rest[..after_bracket + at], Some(&rest[after_bracket + at + 1..])),
        None => (rest, None),
    }
}

fn read_v6(inside: &str, seen: &mut Seen) {
    let (address, _zone) = inside.split_once('%').unwrap_or((inside, ""));
    let Ok(address) = address.parse::<Ipv6Addr>() else {
        seen.spelling = Some(&rules::MALFORMED_AUTHORITY);
        return;
    };
    seen.is_host = true;
    judge_address(IpAddr::V6(address), seen);
    if AddressMap::new().embedded(IpAddr::V6(address)).is_some() {
        seen.spelling = Some(&rules::DISGUISED_ADDRESS);
    }
}

fn judge_address(address: IpAddr, seen: &mut Seen) {
    seen.target = Some(match AddressKind::of(address) {
        AddressKind::Metadata => &rules::METADATA,
        // Nobody answers there; documents use them as people use example.com.
        AddressKind::Public | AddressKind::Documentation => &rules::RAW_ADDRESS,
        _ => &rules::INTERNAL_ADDRESS,
    });
}

/// Returns the host as a resolver would see it, and what is odd about how it is written.
fn plain_name(host: &str) -> (String, Option<&'static Rule>) {
    let mut spelling = None;
    let decoded = percent_decoded(host);
    if decoded != host {
        spelling = Some(&rules::ENCODED_HOST);
    }
    let mut name = String::with_capacity(decoded.len());
    for c in decoded.chars() {
        if let Some(plain) = fold::plain(c) {
            spelling = spelling.or(Some(&rules::LOOK_ALIKE_HOST));
            name.push(plain);
            // The full stop that belongs to the digit.
            if ('\u{2488}'..='\u{2490}').contains(&c) {
                name.push('.');
            }
        } else if INVISIBLE.contains(&c) {
            spelling = spelling.or(Some(&rules::LOOK_ALIKE_HOST));
        } else {
            // Beside letters of other alphabets it is the end of a sentence.
            if (FORBIDDEN.contains(&c) && decoded.is_ascii()) || c.is_control() {
                spelling = spelling.or(Some(&rules::MALFORMED_AUTHORITY));
            }
            name.extend(c.to_lowercase());
        }
    }
    if script::deceives(&name) {
        spelling = spelling.or(Some(&rules::HOMOGRAPH));
    }
    (name, spelling)
}

fn percent_decoded(host: &str) -> String {
    if !host.contains('%') {
        return host.to_owned();
    }
    let digit = |at: usize| host.as_bytes().get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut bytes = Vec::with_capacity(host.len());
    let mut at = 0;
    while let Some(byte) = host.as_bytes().get(at) {
        if let (b'%', Some(high), Some(low)) = (byte, digit(at + 1), digit(at + 2)) {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'%'));
            at += 3;
        } else {
            bytes.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn read_name(name: &str, seen: &mut Seen) {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or_default();
    if name.is_empty() {
        return;
    }
    if name.starts_with('.') || name.contains("..") {
        seen.spelling = seen.spelling.or(Some(&rules::MALFORMED_AUTHORITY));
    }
    if is_number(last) {
        match v4(name) {
            Some(address) => {
                seen.is_host = true;
                judge_address(IpAddr::V4(address), seen);
                if name.parse::<Ipv4Addr>().is_err() {
                    seen.spelling = Some(&rules::DISGUISED_ADDRESS);
                }
            }
            None => seen.spelling = Some(&rules::MALFORMED_AUTHORITY),
        }
        return;
    }
    let labels = name.split('.').count();
    seen.is_host = (labels > 1 && can_be_top(last)) || name == "localhost";
    seen.target = if is_metadata_name(name) {
        Some(&rules::METADATA)
    } else if is_internal_name(name, last) {
        Some(&rules::INTERNAL_NAME)
    } else if REBINDING.iter().any(|end| is_under(name, end)) || has_inner_address(name) {
        Some(&rules::REBINDING_NAME)
    } else if CALLBACK.iter().any(|end| is_under(name, end)) {
        Some(&rules::CALLBACK_NAME)
    } else {
        None
    };
    seen.imitates = imitates(name);
}

/// Returns whether a name that ends so is read as an address (WHATWG's "ends in a number").
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").is_some_and(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
    hex || (!label.is_empty() && label.bytes().all(|b| b.is_ascii_digit()))
}

/// Reads an address as resolvers do: up to four parts, each decimal, octal or hexadecimal, the last one filling the
/// rest. What overflows is cut, as some of them do.
pub(crate) fn v4(name: &str) -> Option<Ipv4Addr> {
    let mut parts = [0_u64; 4];
    let mut count = 0;
    for part in name.split('.') {
        *parts.get_mut(count)? = part_value(part)?;
        count += 1;
    }
    let (last, front) = parts.get(..count)?.split_last()?;
    let mut address = 0_u64;
    for (index, part) in front.iter().enumerate() {
        address |= (part & 0xff) << (24 - 8 * index);
    }
    let room = 32 - 8 * front.len();
    address |= last & ((1 << room) - 1);
    u32::try_from(address).ok().map(Ipv4Addr::from)
}

fn part_value(part: &str) -> Option<u64> {
    if part.len() > 24 {
        return None;
    }
    let (digits, radix) = match part.as_bytes() {
        [b'0', b'x', ..] => (&part[2..], 16),
        [b'0', _, ..] if part.bytes().all(|b| (b'0'..=b'7').contains(&b)) => (part, 8),
        _ => (part, 10),
    };
    if digits.is_empty() {
        return (radix == 16).then_some(0);
    }
    digits.chars().try_fold(0_u64, |value, c| {
        Some(value.wrapping_mul(u64::from(radix)).wrapping_add(u64::from(c.to_digit(radix)?)))
    })
}

fn can_be_top(label: &str) -> bool {
    label.len() >= 2 && label.chars().all(char::is_alphanumeric) || label.starts_with("xn--")
}

fn is_metadata_name(name: &str) -> bool {
    ["metadata.google.internal", "metadata.goog", "instance-data", "rancher-metadata", "metadata"]
        .contains(&name)
        || name.starts_with("instance-data.")
        || name.starts_with("metadata.")
}

fn is_internal_name(name: &str, last: &str) -> bool {
    let one_word =
        name == last && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    one_word
        || INTERNAL.contains(&last)
        || [".home.arpa", ".ip6-localhost"].iter().any(|end| name.ends_with(end))
}

/// Returns whether labels spell an address of the inside, as in `10-0-0-1.x.example` and `127.0.0.1.x.example`.
fn has_inner_address(name: &str) -> bool {
    let inside = |a: u8, b: u8, c: u8, d: u8| {
        !matches!(
            AddressKind::of(Ipv4Addr::new(a, b, c, d).into()),
            AddressKind::Public | AddressKind::Documentation | AddressKind::Unspecified
        )
    };
    let mut window = [None; 4];
    name.split(['.', '-']).any(|part| {
        window.rotate_left(1);
        let canonical = part == "0" || !part.starts_with('0');
        window[3] = part.parse::<u8>().ok().filter(|_| canonical);
        matches!(window, [Some(a), Some(b), Some(c), Some(d)] if a != 0 && a < 224 && inside(a, b, c, d))
    }) || name.split('.').any(|label| {
        // Eight hexadecimal digits, as some of these services take them: of this machine alone, since others occur.
        label.len() == 8 && (label.starts_with("7f0000") || label == "a9fea9fe")
    })
}

/// Returns whether the end of another name stands in the middle, as in `bank.com.example.net`.
fn imitates(name: &str) -> bool {
    let mut labels = name.rsplit('.').skip(1);
    // The label before the last may be one of these: `co.uk`, `com.br`.
    let second = labels.next().unwrap_or_default();
    let mut deeper = labels.peekable();
    if second.starts_with("com-") && deeper.peek().is_some() {
        return true;
    }
    if TOPS.contains(&second) {
        deeper.next();
    }
    // What stands first is a name, whatever it is.
    while let Some(label) = deeper.next() {
        if deeper.peek().is_some() && TOPS.contains(&label) {
            return true;
        }
    }
    false
}

fn is_under(name: &str, end: &str) -> bool {
    name.strip_suffix(end).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

/// A name has at most 253 bytes; with every one of them escaped, three times as many.
const LONGEST: usize = 768;

/// What no host contains.
const FORBIDDEN: [char; 26] = [
    ' ', '"', '#', '%', '<', '>', '\\', '^', '`', '{', '|', '}', '!', '$', '&', '\'', '(', ')',
    '*', '+', ',', ';', '=', '[', ']', '/',
];

/// Characters that names lose when they are looked up.
const INVISIBLE: [char; 8] =
    ['\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}', '\u{180e}', '\u{34f}', '\u{2064}', '\u{fe0f}'];

/// Ports that speak no HTTP to strangers: remote shells, mail, names, databases, caches, orchestration, debuggers.
const SERVICE_PORTS: [u16; 49] = [
    0, 1, 7, 9, 11, 19, 20, 21, 22, 23, 25, 53, 69, 79, 110, 111, 135, 137, 139, 143, 389, 445,
    465, 514, 587, 636, 873, 1099, 1433, 1521, 2049, 2181, 2375, 2376, 2379, 3306, 3389, 4369,
    5432, 5900, 5984, 6379, 9042, 9200, 10250, 11211, 27017, 50070, 61616,
];

/// Ends of names that no public server knows.
const INTERNAL: [&str; 14] = [
    "localhost",
    "local",
    "internal",
    "localdomain",
    "lan",
    "intranet",
    "corp",
    "home",
    "svc",
    "cluster",
    "default",
    "consul",
    "docker",
    "localnet",
];

/// Public names that answer with an address of the inside, for every subdomain.
const REBINDING: [&str; 14] = [
    "nip.io",
    "sslip.io",
    "xip.io",
    "localtest.me",
    "lvh.me",
    "vcap.me",
    "lacolhost.com",
    "rbndr.us",
    "1u.ms",
    "localho.st",
    "localh.st",
    "fuf.me",
    "ulh.us",
    "traefik.me",
];

/// Services that record who calls.
const CALLBACK: [&str; 21] = [
    "burpcollaborator.net",
    "oastify.com",
    "interact.sh",
    "interactsh.com",
    "oast.pro",
    "oast.live",
    "oast.site",
    "oast.online",
    "oast.fun",
    "oast.me",
    "dnslog.cn",
    "ceye.io",
    "requestbin.net",
    "requestbin.com",
    "webhook.site",
    "canarytokens.com",
    "bxss.me",
    "xss.ht",
    "dnsbin.zhack.ca",
    "pingb.in",
    "requestrepo.com",
];

/// Ends of names that stand in the middle only where a name imitates another.
const TOPS: [&str; 8] = ["com", "net", "org", "gov", "edu", "tld", "co", "mil"];
