//! Requests to where nobody should send them.

mod fold;
mod host;
pub(super) mod link;
mod rules;
mod script;
mod token;

use std::ops::Range;

use self::host::Seen;
pub(super) use self::host::read as read_authority;
use self::link::{Link, Place};
pub(super) use self::rules::RULES;
use super::hits::{Hits, View};
use super::{Layer, Rule};

/// One of these stands in every message that is an attack of this kind.
pub(super) const GATE: &[&str] = &[
    "://",
    ":/",
    ":\\",
    ":%",
    "script:",
    "data:",
    "jar:",
    "file:",
    "localhost",
    "127.",
    "169.254",
    "192.168.",
    "[::",
    "meta-data",
    "0x7f",
];

/// Looks for URLs that lead inside, or that hide where they lead.
pub(super) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let Some(range) = link::lone(view.text) else {
        let all = link::each(view.text, false, |link| {
            if !hits.spend(link.authority.len() + link.rest.len()) {
                return false;
            }
            judge(link, link.span.clone(), hits);
            misleads_past_space(view.text, link, hits);
            true
        });
        if !all {
            hits.spend(usize::MAX);
        }
        return;
    };
    let token = &view.text[range.clone()];
    let clean = link::without_controls(token);
    let all = link::each(&clean, true, |link| {
        if view.layer == Layer::Raw && breaks_within(token, link) {
            hits.hit(&rules::CONTROL, range.clone());
        }
        judge(link, range.clone(), hits);
        hits.spend(link.authority.len() + link.rest.len())
    });
    if !all {
        hits.spend(usize::MAX);
    }
    judge_bare(&clean, range.clone(), hits);
    token::judge(&clean, view.layer, &range, hits);
}

fn judge(link: &Link<'_>, span: Range<usize>, hits: &mut Hits<'_>) {
    let scheme = link.scheme.to_ascii_lowercase();
    let prose = link.place == Place::Prose;
    match scheme.as_str() {
        name if WEB.contains(&name) => {
            judge_host(link, span.clone(), hits);
            judge_path(link, span.clone(), hits);
            if scheme.starts_with('f') && link.place == Place::Lone && !link.slashes.is_empty() {
                hits.hit(&rules::UNUSUAL_SCHEME, span);
            }
        }
        "javascript" | "vbscript" | "livescript" | "data" | "view-source" => {
            let rule = if prose { &rules::MENTION } else { &rules::SCRIPT };
            if is_script(&scheme, link) {
                hits.hit(rule, span);
            }
        }
        name if HARMFUL.contains(&name) => {
            let sure = !prose || NEVER_MENTIONED.contains(&name);
            // `File::open` and `dict: a list` are none.
            let inner =
                link.authority.contains([':', '%', '.']) && !link.authority.starts_with(':');
            let path =
                name == "file" && !prose && !link.authority.is_empty() && !link.rest.is_empty();
            let follows = !link.slashes.is_empty() || inner || path;
            if follows {
                hits.hit(if sure { &rules::SCHEME } else { &rules::MENTION }, span);
            }
        }
        "mailto" | "tel" | "sms" | "magnet" | "geo" => {}
        _ if link.slashes.starts_with("//") && link.place == Place::Lone => {
            hits.hit(&rules::UNUSUAL_SCHEME, span);
        }
        _ => {}
    }
}

fn judge_host(link: &Link<'_>, span: Range<usize>, hits: &mut Hits<'_>) {
    let sure = link.place != Place::Prose;
    let seen = host::read(link.authority);
    // `http:` in a sentence, or before a word that is no host.
    if link.slashes.is_empty() && !seen.is_host {
        return;
    }
    judge_seen(&seen, sure, &span, hits);
    if sure && (link.rest.starts_with('\\') || names_another_host(link.rest)) {
        hits.hit(&rules::USERINFO, span);
    }
}

fn judge_seen(seen: &Seen, sure: bool, span: &Range<usize>, hits: &mut Hits<'_>) {
    let certain = |rule: &'static Rule| {
        [rules::METADATA.id, rules::REBINDING_NAME.id, rules::CALLBACK_NAME.id].contains(&rule.id)
    };
    match seen.target {
        Some(rule) if sure || certain(rule) => hits.hit(rule, span.clone()),
        Some(rule) if rule.id != rules::RAW_ADDRESS.id => hits.hit(&rules::MENTION, span.clone()),
        _ => {}
    }
    match seen.spelling {
        Some(rule) if sure || rule.id != rules::MALFORMED_AUTHORITY.id => {
            hits.hit(rule, span.clone());
        }
        _ => {}
    }
    if seen.userinfo {
        hits.hit(&rules::USERINFO, span.clone());
    }
    if seen.service_port && sure {
        hits.hit(&rules::SERVICE_PORT, span.clone());
    }
}

/// Looks for line ends and their like in the path; a query may carry a text of several lines.
fn judge_path(link: &Link<'_>, span: Range<usize>, hits: &mut Hits<'_>) {
    let path = link.rest.split(['?', '#']).next().unwrap_or_default();
    let escaped = memchr::memchr_iter(b'%', path.as_bytes()).any(|at| {
        let hex = path.as_bytes().get(at + 1..at + 3).unwrap_or_default();
        matches!(hex, [b'0', b'0' | b'9' | b'a' | b'A' | b'd' | b'D'])
    });
    if escaped {
        hits.hit(&rules::CONTROL, span);
    }
}

/// Judges a token that has no scheme: only what is no number, version or name that people write.
fn judge_bare(token: &str, span: Range<usize>, hits: &mut Hits<'_>) {
    let authority = token.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name =
        host.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let parts = name.split('.').count();
    let plausible = host.starts_with('[')
        || name == "localhost"
        || (parts == 4
            && name.starts_with(|c: char| c.is_ascii_digit())
            && host::v4(&name).is_some())
        || ((2..=3).contains(&parts)
            && ["127.", "0x7f.", "0177."].iter().any(|front| name.starts_with(front)))
        || (parts > 2
            && (name.ends_with(".internal")
                || name.ends_with(".nip.io")
                || name.ends_with(".sslip.io")));
    if !plausible {
        return;
    }
    let seen = host::read(authority);
    if let Some(rule) = seen.target.filter(|rule| rule.id != rules::RAW_ADDRESS.id) {
        hits.hit(seen.spelling.unwrap_or(rule), span.clone());
        hits.hit(rule, span);
    }
}

/// Whether control characters stand before the end of the authority, where they change what is read.
fn breaks_within(token: &str, link: &Link<'_>) -> bool {
    let head = link.span.end - link.rest.len();
    let known = WEB.contains(&link.scheme.to_ascii_lowercase().as_str());
    known && link.place == Place::Lone && token.bytes().take(head).any(|b| b.is_ascii_control())
}

/// Whether a sign that ends the host for one parser is followed by what is the host for another.
fn names_another_host(rest: &str) -> bool {
    let region = rest.split('/').next().unwrap_or_default();
    let Some((front, behind)) = region.rsplit_once('@') else { return false };
    rest.starts_with(['?', '#'])
        && !front.ends_with(char::is_alphanumeric)
        && host::read(behind).is_host
}

/// The same where spaces stand between, as in `http://one.example &@two.example`.
fn misleads_past_space(text: &str, link: &Link<'_>, hits: &mut Hits<'_>) {
    let behind = text.get(link.span.end..).unwrap_or_default();
    let signs = behind.bytes().take(8).take_while(|b| b" &#?;:@\\".contains(b)).count();
    if !behind[..signs].ends_with('@') || !link.rest.is_empty() {
        return;
    }
    let end = behind[signs..].find(|c: char| "/?# \\".contains(c)).unwrap_or(behind.len() - signs);
    if end < 256 && host::read(&behind[signs..signs + end]).is_host {
        hits.hit(&rules::USERINFO, link.span.clone());
    }
}

fn is_script(scheme: &str, link: &Link<'_>) -> bool {
    match scheme {
        "data" => {
            let mime = link.authority;
            link.slashes.starts_with("//")
                || mime.starts_with([',', ';'])
                || ["text", "application", "image"]
                    .iter()
                    .any(|kind| mime.eq_ignore_ascii_case(kind))
        }
        _ => !link.authority.is_empty() || !link.rest.is_empty() || !link.slashes.is_empty(),
    }
}

/// Schemes of the web.
const WEB: [&str; 6] = ["http", "https", "ws", "wss", "ftp", "ftps"];

/// Schemes that read files, send bytes of the sender's choice, or load code, in one library or another.
const HARMFUL: [&str; 48] = [
    "file",
    "gopher",
    "gophers",
    "dict",
    "ldap",
    "ldaps",
    "ldapi",
    "jar",
    "netdoc",
    "phar",
    "php",
    "zip",
    "expect",
    "glob",
    "rar",
    "ogg",
    "ssh2",
    "ssh2.exec",
    "ssh2.sftp",
    "ssh2.shell",
    "ssh2.tunnel",
    "compress.zlib",
    "compress.bzip2",
    "zlib",
    "tftp",
    "sftp",
    "scp",
    "smb",
    "rmi",
    "jnp",
    "iiop",
    "corbaname",
    "nis",
    "telnet",
    "local_file",
    "rtsp",
    "imap",
    "imaps",
    "pop3",
    "smtp",
    "smtps",
    "res",
    "nntp",
    "url",
    "mhtml",
    "feed",
    "blob",
    "filesystem",
];

/// Those that nobody mentions in passing.
const NEVER_MENTIONED: [&str; 8] =
    ["gopher", "gophers", "dict", "netdoc", "expect", "phar", "ssh2.exec", "local_file"];
