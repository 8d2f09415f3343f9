//! The compiled table, and what it finds.

use std::fmt;
use std::ops::Range;

use super::gate::{Gate, GateBuilder, Target};
use super::names::{self, Meaning};
use super::recogniser::{Finder, Keep, Part, Recogniser, Sensitive, Special, Verify};
use super::table::{self, special};
use super::{assignment, bot, digits, header, personal, shape, structured, verify};

/// Finds secrets and personal data in texts.
///
/// ```
/// use wardkit_validation::Recognisers;
///
/// let recognisers = Recognisers::default();
/// let found = recognisers.find("login failed, password=hunter2");
/// assert_eq!(found[0].recogniser.id, "secret.assignment");
/// assert_eq!(found[0].range, 23..30);
/// assert!(recognisers.find("took 120 ms").is_empty());
/// ```
pub struct Recognisers {
    gate: Gate,
    shapes: Vec<Shape>,
    kinds: Vec<Sensitive>,
    /// Further names whose values are secret, folded.
    names: Vec<Box<[u8]>>,
}

/// A shape, and whose it is.
struct Shape {
    recogniser: &'static Recogniser,
    parts: &'static [Part],
    keep: Keep,
    verify: Option<Verify>,
}

/// What was recognised.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Found {
    /// As what.
    pub recogniser: &'static Recogniser,
    /// Where, in bytes.
    pub range: Range<usize>,
    /// How sure that is, in per cent.
    pub confidence: u8,
}

impl Found {
    /// Says what a value beside a name was recognised as.
    fn named(value: assignment::Value) -> Self {
        let (recogniser, confidence) = match value.meaning {
            Meaning::Authorization => (&special::AUTHORIZATION, LIKELY),
            Meaning::Cookie => (&special::COOKIE, LIKELY),
            Meaning::Token => (&special::NAMED_TOKEN, 70),
            Meaning::Password | Meaning::Pass | Meaning::Nothing => (&special::ASSIGNMENT, 80),
        };
        Self { recogniser, range: value.range, confidence }
    }
}

impl Default for Recognisers {
    fn default() -> Self {
        Self::new(Sensitive::DEFAULT)
    }
}

impl Recognisers {
    /// Recognises these kinds.
    #[must_use]
    pub fn new(kinds: &[Sensitive]) -> Self {
        Self::with_names(kinds, [])
    }

    /// Recognises these kinds, and whatever stands beside these names; their case, `-`, `_` and `.` do not count.
    #[must_use]
    pub fn with_names<'n>(kinds: &[Sensitive], names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut gate = GateBuilder::default();
        let mut shapes = Vec::new();
        for recogniser in table::all().filter(|recogniser| kinds.contains(&recogniser.kind)) {
            match recogniser.finder {
                Finder::Shapes { shapes: all, keep, verify } => {
                    for parts in all {
                        add_literal(&mut gate, parts, Target::Shape(shapes.len()));
                        shapes.push(Shape { recogniser, parts, keep, verify });
                    }
                }
                Finder::Special(Special::At) | Finder::Along => {}
                Finder::Special(special) => add_special(&mut gate, special),
            }
        }
        // Mail addresses and passwords in addresses are told apart at the same `@`.
        if [Sensitive::Secret, Sensitive::Email].iter().any(|kind| kinds.contains(kind)) {
            add_special(&mut gate, Special::At);
        }
        let names: Vec<Box<[u8]>> =
            names.into_iter().filter_map(|name| add_name(&mut gate, name)).collect();
        Self { gate: gate.build(), shapes, kinds: kinds.to_vec(), names }
    }

    /// Returns everything that can be recognised, also what is not among the kinds of these.
    pub fn table() -> impl Iterator<Item = &'static Recogniser> {
        table::all()
    }

    /// Returns what is in the text, in order; nothing overlaps.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<Found> {
        self.find_bytes(text.as_bytes())
    }

    /// Returns the same of a text that need not be UTF-8.
    #[must_use]
    pub fn find_bytes(&self, bytes: &[u8]) -> Vec<Found> {
        let mut search = Search { bytes, found: Vec::new(), named_until: 0, shaped_until: 0 };
        let mut from = 0;
        while let Some((at, group)) = self.gate.next(bytes, from) {
            for (start, literal) in self.gate.literals(group, bytes, at) {
                match literal.target {
                    Target::Shape(number) => search.shape(&self.shapes[number], start),
                    Target::Special(special) => {
                        self.special(special, &mut search, start, literal.len());
                    }
                }
            }
            from = at + 1;
        }
        if self.has(Sensitive::Card) {
            digits::cards(bytes, |range, sure| search.push(&special::CARD, range, sure));
        }
        merged(search.found)
    }

    /// Returns what is in the value of a field, in order: all of it where the field's name makes it secret, as
    /// `DB_PASSWORD` does with any value and `GITHUB_TOKEN` with one that looks drawn at random.
    ///
    /// ```
    /// use wardkit_validation::Recognisers;
    ///
    /// let recognisers = Recognisers::default();
    /// assert_eq!(recognisers.find_beside("DB_PASSWORD", "hunter2")[0].range, 0..7);
    /// assert!(recognisers.find_beside("db_user", "hunter2").is_empty());
    /// ```
    #[must_use]
    pub fn find_beside(&self, name: &str, value: &str) -> Vec<Found> {
        let named = assignment::beside(name.as_bytes(), value.as_bytes(), &self.names)
            .filter(|_| self.has(Sensitive::Secret) || !self.names.is_empty());
        let mut found = self.find(value);
        found.extend(named.map(Found::named));
        merged(found)
    }

    fn has(&self, kind: Sensitive) -> bool {
        self.kinds.contains(&kind)
    }

    fn special(&self, special: Special, search: &mut Search<'_>, start: usize, length: usize) {
        let bytes = search.bytes;
        let (recogniser, range, confidence) = match special {
            Special::TelegramToken => (&special::TELEGRAM_TOKEN, bot::telegram(bytes, start), SURE),
            Special::DiscordToken => (&special::DISCORD_TOKEN, bot::discord(bytes, start), SURE),
            Special::BitcoinKey => {
                (&special::BITCOIN_KEY, structured::bitcoin_key(bytes, start), SURE)
            }
            Special::JsonToken => {
                (&special::JSON_TOKEN, structured::json_token(bytes, start), SURE)
            }
            Special::Iban => (&special::IBAN, personal::iban(bytes, start), verify::CERTAIN),
            Special::Phone => (&special::PHONE, personal::phone(bytes, start), LIKELY),
            Special::IpV4 => (&special::IPV4, personal::ipv4(bytes, start), LIKELY),
            Special::IpV6 => (&special::IPV6, personal::ipv6(bytes, start), LIKELY),
            Special::Authorization => {
                let word = &bytes[start..start + length];
                (&special::AUTHORIZATION, header::scheme(bytes, word, start + length), LIKELY)
            }
            Special::Identified => {
                (&special::SQL_PASSWORD, assignment::identified(bytes, start + length), SURE)
            }
            Special::PemKey => return search.pem_key(start),
            Special::At => return self.at(search, start),
            Special::Name => return self.name(search, start, length),
        };
        if let Some(range) = range {
            search.push(recogniser, range, confidence);
        }
    }

    fn at(&self, search: &mut Search<'_>, start: usize) {
        if self.has(Sensitive::Secret)
            && let Some(range) = personal::url_credentials(search.bytes, start)
        {
            search.push(&special::URL_CREDENTIALS, range, SURE);
        } else if self.has(Sensitive::Email)
            && let Some(range) = personal::email(search.bytes, start)
        {
            search.push(&special::EMAIL, range, LIKELY);
        }
    }

    fn name(&self, search: &mut Search<'_>, start: usize, length: usize) {
        if start < search.named_until {
            return;
        }
        let Some(value) = assignment::find(search.bytes, start, length, &self.names) else {
            return;
        };
        search.named_until = value.range.end;
        search.found.push(Found::named(value));
    }
}

impl fmt::Debug for Recognisers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recognisers").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

/// What is found in one text.
struct Search<'b> {
    bytes: &'b [u8],
    found: Vec<Found>,
    /// Up to where names were read with their values: a name in a value is part of it.
    named_until: usize,
    /// Up to where shapes were found: a beginning within one is part of it.
    shaped_until: usize,
}

impl Search<'_> {
    fn shape(&mut self, shape: &Shape, at: usize) {
        if at < self.shaped_until {
            return;
        }
        let Some((whole, behind)) = shape::find(self.bytes, at, shape.parts) else { return };
        let verify = shape.verify.map_or(Some(SURE), |verify| verify(&self.bytes[whole.clone()]));
        if let Some(confidence) = verify {
            self.shaped_until = whole.end;
            let range = if shape.keep == Keep::Literal { behind } else { whole };
            self.push(shape.recogniser, range, confidence);
        }
    }

    fn pem_key(&mut self, at: usize) {
        if at >= self.named_until
            && let Some(range) = structured::pem_key(self.bytes, at)
        {
            self.named_until = range.end;
            self.push(&special::PRIVATE_KEY, range, SURE);
        }
    }

    fn push(&mut self, recogniser: &'static Recogniser, range: Range<usize>, confidence: u8) {
        self.found.push(Found { recogniser, range, confidence });
    }
}

/// Puts what overlaps into one, under the name of what is surest.
fn merged(mut found: Vec<Found>) -> Vec<Found> {
    if found.len() > 1 {
        found.sort_by_key(|found| found.range.start);
        found.dedup_by(|next, first| {
            let overlap = next.range.start < first.range.end;
            if overlap {
                first.range.end = first.range.end.max(next.range.end);
                if next.confidence > first.confidence {
                    (first.recogniser, first.confidence) = (next.recogniser, next.confidence);
                }
            }
            overlap
        });
    }
    found
}

/// Adds the literal that tells of a shape.
fn add_literal(gate: &mut GateBuilder, parts: &[Part], target: Target) {
    let literal = parts.iter().find_map(|part| match part {
        Part::Lit(literal) => Some(literal.as_bytes()),
        Part::Run(..) => None,
    });
    gate.add(literal.unwrap_or_default(), false, target);
}

/// Adds a name; returns it folded, unless it is none.
fn add_name(gate: &mut GateBuilder, name: &str) -> Option<Box<[u8]>> {
    let mut buffer = [0; names::LONGEST];
    let folded = names::fold(name.as_bytes(), &mut buffer).filter(|name| name.len() > 1)?;
    // Of `room-pin` the last word announces it, whatever joins it to the others.
    let last = name.rsplit(['-', '_', '.']).find(|word| word.len() > 1)?;
    gate.add(last.to_ascii_lowercase().as_bytes(), true, Target::Special(Special::Name));
    Some(folded.into())
}

/// Adds what tells of something that has code of its own.
fn add_special(gate: &mut GateBuilder, special: Special) {
    let target = Target::Special(special);
    let pairs: Vec<[u8; 2]> = match special {
        Special::TelegramToken => pairs(b"0123456789", b":%"),
        // What the first two digits of a number are in Base64.
        Special::DiscordToken => pairs(b"MNO", b"DTjz"),
        // Version 0x80, with and without a byte behind the key.
        Special::BitcoinKey => {
            [pairs(b"5", b"HJK"), pairs(b"K", b"wxyz"), pairs(b"L", b"12345")].concat()
        }
        Special::At => {
            (b'0'..=b'z').filter(u8::is_ascii_alphanumeric).map(|next| [b'@', next]).collect()
        }
        Special::Iban => personal::iban_pairs(),
        Special::Phone => pairs(b"+", b"123456789"),
        Special::IpV4 => pairs(b"0123456789", b"."),
        Special::IpV6 => pairs(b":", b"0123456789abcdefABCDEF:"),
        _ => {
            let (literals, folded): (&[&str], bool) = match special {
                // A brace and a quote, a brace and a blank, a brace and a line's end.
                Special::JsonToken => (&["eyJ", "eyA", "ewo"], false),
                Special::PemKey => (&["BEGIN "], false),
                Special::Authorization => (&["bearer", "basic"], true),
                Special::Identified => (&["identified"], true),
                _ => (NAMES, true),
            };
            for literal in literals {
                gate.add(literal.as_bytes(), folded, target);
            }
            return;
        }
    };
    gate.add_pairs(pairs, target);
}

/// Returns each of the first with each of the second.
fn pairs(first: &[u8], second: &[u8]) -> Vec<[u8; 2]> {
    first.iter().flat_map(|first| second.iter().map(|second| [*first, *second])).collect()
}

use verify::SURE;

/// The confidence of what a harmless text has now and then.
const LIKELY: u8 = 85;

/// What is in the names of secrets: `pass` in `password`, `key` in `api_key`.
const NAMES: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "auth",
    "credential",
    "cookie",
    "mnemonic",
    "bearer",
    "jwt",
    "masterauth",
    "recovery",
    "seed",
    "signature",
    "pi_hash",
    "pihash",
    "string_session",
    "stringsession",
    "session_string",
    "sessionstring",
    "pw",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_has_a_group_of_its_own_kind() {
        // Beyond 255 the last group would be shared, and slow.
        assert!(Recognisers::new(Sensitive::ALL).gate.groups() < 250);
    }

    #[test]
    fn every_recogniser_has_an_id_of_its_own_that_tells_its_kind() {
        let ids: std::collections::BTreeSet<_> = table::all().map(|known| known.id).collect();
        assert_eq!(ids.len(), table::all().count());
        for recogniser in table::all() {
            let secret = recogniser.kind == Sensitive::Secret;
            assert!(recogniser.id.starts_with(if secret { "secret." } else { "pii." }));
        }
    }
}
