//! Redirects to elsewhere: texts that look like a path of this site, or its name, and lead to another.

use std::ops::Range;

use super::hits::{Hits, View};
use super::url::link::{self, Link, Place};
use super::url::read_authority;
use super::{Class, Rule};

/// All rules.
pub(super) static RULES: &[Rule] = &[
    SCHEME_RELATIVE,
    PATH_TO_URL,
    SUFFIX,
    SECOND_HOST,
    SLASHES,
    SLASH_LOOK_ALIKE,
    NESTED,
    IMITATION,
    DOT_SEGMENTS,
];

/// One of these stands in every message that is an attack of this kind.
pub(super) const GATE: &[&str] = &[
    "//", "/\\", "\\/", "\\\\", "http:", "https:", "%2f", "%5c", "/%", "\u{3031}", "\u{3033}",
    "\u{3034}", "\u{3035}", "\u{309d}", "\u{309e}", "\u{30fd}", "\u{30fe}", "\u{2044}", "\u{2215}",
    "\u{29f8}",
];

const BASE: Rule = Rule {
    id: "",
    class: Class::Redirect,
    sinks: &[],
    strictness: 2,
    message: 2,
    confidence: 75,
    reason: "",
    about: "",
    example: "",
};

const SCHEME_RELATIVE: Rule = Rule {
    id: "redirect.scheme-relative",
    confidence: 85,
    reason: "the text looks like a path and leads to another host",
    about: "After two slashes, or backslashes, browsers read a host: a login page that sends people on to such a path \
            sends them to a stranger. Redirect to paths that the program knows, by a key; or parse with SafeUrl and \
            compare the host.",
    example: "//evil.example.net/login",
    ..BASE
};

const PATH_TO_URL: Rule = Rule {
    id: "redirect.path-to-url",
    confidence: 80,
    reason: "the text is a path that is a whole URL",
    about: "Programs that cut the first slash off, or join paths, are left with the URL of a stranger. Redirect to paths \
            that the program knows.",
    example: "/https://evil.example.net/",
    ..BASE
};

const SLASHES: Rule = Rule {
    id: "redirect.slashes",
    confidence: 80,
    reason: "the URL has other signs than two slashes after its scheme",
    about: "Browsers repair https:host, https:/\\host and https:///host; checks that expect two slashes see a path. \
            SafeUrl refuses such texts.",
    example: "https:evil.example.net",
    ..BASE
};

const SLASH_LOOK_ALIKE: Rule = Rule {
    id: "redirect.slash-look-alike",
    confidence: 75,
    reason: "signs that look like slashes stand before a host",
    about: "Some programs turn such a sign into a slash after the check, and the path becomes a host. Take paths in plain \
            characters alone.",
    example: "/\u{3033}evil.example.net",
    ..BASE
};

const NESTED: Rule = Rule {
    id: "redirect.nested",
    message: 3,
    confidence: 55,
    reason: "a parameter of the URL is a URL",
    about: "A known site that redirects to what its parameter says leads anywhere, and a fetcher that follows redirects \
            goes along. Follow redirects through SafeUrl's pinned(), which judges every hop.",
    example: "https://shop.example/out?next=//evil.example.net",
    ..BASE
};

const IMITATION: Rule = Rule {
    id: "redirect.imitation",
    confidence: 60,
    reason: "the host begins like the name of another site",
    about: "In bank.com.example.net the site is example.net. A check that the text starts with, or contains, a known name \
            lets it through: compare the whole host, or its end after a dot.",
    example: "https://bank.com.evil.example.net/",
    ..BASE
};

const SUFFIX: Rule = Rule {
    id: "redirect.suffix",
    // People are mentioned that way.
    message: 0,
    confidence: 60,
    reason: "joined to a name, the text makes it the name of another site",
    about: "A program that writes its own name and appends a path without a slash sends people to \
            example.com.evil.example.net, or to what follows an at sign. Put the slash into the program's part.",
    example: "/.evil.com",
    ..BASE
};

const SECOND_HOST: Rule = Rule {
    id: "redirect.second-host",
    message: 3,
    confidence: 55,
    reason: "a second host follows the first where a check may look for it",
    about: "In https://evil.example.net?bank.com the second name does nothing but satisfy a check that the text contains \
            it. Parse the URL and compare its host.",
    example: "https://evil.example.net?www.bank.com",
    ..BASE
};

const DOT_SEGMENTS: Rule = Rule {
    id: "redirect.dot-segments",
    confidence: 65,
    reason: "the URL's path climbs, in escapes or openly",
    about: "Programs disagree on whether %2f.. is a step up, and joined to another path it changes which one is meant. \
            Honest links carry none.",
    example: "//evil.example.net/%2f..",
    ..BASE
};

/// Looks for texts that lead elsewhere than they seem to. Only a text that is a token can be a target.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let Some(range) = link::lone(view.text) else { return };
    let clean = link::without_controls(&view.text[range.clone()]);
    judge_start(&clean, &range, hits);
    link::each(&clean, true, |link| {
        let web = matches!(link.scheme.to_ascii_lowercase().as_str(), "http" | "https");
        if web && link.place != Place::Prose {
            judge_link(link, &range, hits);
        }
        hits.spend(link.authority.len() + link.rest.len())
    });
    judge_parameters(&clean, &range, hits);
}

/// Judges what stands before the first letter.
fn judge_start(token: &str, span: &Range<usize>, hits: &mut Hits<'_>) {
    let end = token
        .char_indices()
        .take(MOST_SIGNS)
        .find(|(_, c)| !is_sign(*c))
        .map_or(token.len(), |(at, _)| at);
    let (signs, rest) = token.split_at(end);
    let slashes = signs.matches(['/', '\\']).count();
    let look_alike = signs.contains(is_slash_look_alike);
    if signs.is_empty() {
        return;
    }
    let lower = rest.get(..8).unwrap_or(rest).to_ascii_lowercase();
    if slashes > 0 && (lower.starts_with("http:") || lower.starts_with("https:")) {
        hits.hit(&PATH_TO_URL, span.clone());
        return;
    }
    let link = link::relative(token, end);
    if !leads_to_a_host(link.authority) {
        return;
    }
    let doubled = signs.contains("//") || (slashes > 1 && signs.contains('\\'));
    if !doubled
        && signs.ends_with(['.', '@'])
        && !signs.contains("..")
        && ends_publicly(link.authority)
    {
        hits.hit(&SUFFIX, span.clone());
    }
    if look_alike {
        hits.hit(&SLASH_LOOK_ALIKE, span.clone());
    } else if doubled {
        hits.hit(&SCHEME_RELATIVE, span.clone());
        judge_path(link.rest, span, hits);
    }
}

fn judge_link(link: &Link<'_>, span: &Range<usize>, hits: &mut Hits<'_>) {
    let seen = read_authority(link.authority);
    let odd = match link.slashes {
        "//" => false,
        // `http:word` is a label and a word.
        "" => seen.is_host || seen.userinfo,
        _ => !link.authority.is_empty(),
    };
    if odd {
        hits.hit(&SLASHES, span.clone());
    }
    if seen.imitates {
        hits.hit(&IMITATION, span.clone());
    }
    judge_path(link.rest, span, hits);
    let second = second_host(link.rest);
    if seen.is_host
        && leads_to_a_host(second)
        && (!link.rest.starts_with('/') || ends_publicly(second))
    {
        hits.hit(&SECOND_HOST, span.clone());
    }
    let again = link.rest.trim_start_matches(['/', '\\']);
    let doubled = link.rest.len() - again.len() > 1;
    if again.starts_with("http:")
        || again.starts_with("https:")
        || (doubled && leads_to_a_host(link::relative(again, 0).authority))
    {
        hits.hit(&NESTED, span.clone());
    }
}

fn judge_path(rest: &str, span: &Range<usize>, hits: &mut Hits<'_>) {
    let path = rest.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    if ["/..", "/%2e", "%2f%2e", "%2f..", "..%2f", "%5c", "\\.."]
        .iter()
        .any(|step| path.contains(step))
    {
        hits.hit(&DOT_SEGMENTS, span.clone());
    }
}

/// Returns what stands where the path ought to be, up to its end: a query that is no query.
fn second_host(rest: &str) -> &str {
    let behind = match rest.as_bytes() {
        [b'/', b'?' | b'#' | b'.', ..] => &rest[2..],
        [b'?' | b'#' | b'\\', ..] => &rest[1..],
        _ => return "",
    };
    let end = behind.find(['/', '?', '#', '\\']).unwrap_or(behind.len());
    if behind[..end].contains('=') {
        ""
    } else {
        &behind[..behind.floor_char_boundary(end.min(256))]
    }
}

/// Whether the name ends as most names do; file names do not.
fn ends_publicly(authority: &str) -> bool {
    let last = authority.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    ["com", "net", "org", "tld", "info", "biz", "gov", "edu", "uk", "de", "ru", "cn"]
        .contains(&last.as_str())
}

/// Judges the values of a query, or the query itself.
fn judge_parameters(token: &str, span: &Range<usize>, hits: &mut Hits<'_>) {
    for at in memchr::memchr3_iter(b'=', b'?', b'/', token.as_bytes()).take(MOST_PARAMETERS) {
        let value = &token[at + 1..];
        let start = value.get(..8).unwrap_or(value).to_ascii_lowercase();
        let absolute = start.starts_with("http:") || start.starts_with("https:");
        let slashes = value.bytes().take(MOST_SIGNS).take_while(|b| b"/\\".contains(b)).count();
        if !hits.spend(64) {
            return;
        }
        let parameter = !token[at..].starts_with('/');
        let leads = (parameter && absolute)
            || (parameter && slashes > 1 && leads_to_a_host(link::relative(value, 0).authority))
            || (names_a_target(&token[..at], parameter)
                && leads_to_a_host(value_host(value))
                && (parameter || ends_publicly(value_host(value))));
        if leads {
            hits.hit(&NESTED, span.clone());
            return;
        }
    }
}

/// Whether the parameter, or the step of the path, before the sign is one of those that redirects read.
fn names_a_target(before: &str, parameter: bool) -> bool {
    let near = &before[before.ceil_char_boundary(before.len().saturating_sub(32))..];
    let name = near.rsplit(['?', '&', ';', '/']).next().unwrap_or_default().to_ascii_lowercase();
    name.starts_with("redir")
        || parameter
            && (name.ends_with("url")
                || name.ends_with("uri")
                || TARGETS.iter().any(|front| name.starts_with(front)))
}

fn value_host(value: &str) -> &str {
    let end = value.find(['&', '/', '?', '#']).unwrap_or(value.len());
    &value[..value.floor_char_boundary(end.min(256))]
}

fn leads_to_a_host(authority: &str) -> bool {
    let seen = read_authority(authority);
    let named = authority.starts_with(|c: char| c.is_alphanumeric() || "[%@;:<".contains(c));
    seen.is_host || (named && seen.userinfo)
}

fn is_sign(c: char) -> bool {
    matches!(c, '/' | '\\' | '.' | '@' | ';' | '&' | '?' | '#' | '<' | '>' | ':')
        || is_slash_look_alike(c)
}

/// Marks of Japanese and mathematics that have been taken for slashes.
const fn is_slash_look_alike(c: char) -> bool {
    matches!(
        c,
        '\u{3031}' | '\u{3033}'
            ..='\u{3035}'
                | '\u{309d}'
                | '\u{309e}'
                | '\u{30fd}'
                | '\u{30fe}'
                | '\u{30fc}'
                | '\u{ff70}'
                | '\u{2044}'
                | '\u{2215}'
                | '\u{29f8}'
                | '\u{2571}'
                | '\u{ff0f}'
                | '\u{ff3c}'
                | '\u{fe68}'
                | '\u{3014}'
                | '\u{4e3f}'
                | '\u{30ce}'
                | '\u{2f03}'
    )
}

/// How parameters are named that say where to go on.
const TARGETS: [&str; 7] = ["return", "next", "goto", "continue", "dest", "forward", "target"];

/// More than honest links have.
const MOST_PARAMETERS: usize = 256;

/// More say nothing more.
const MOST_SIGNS: usize = 32;
