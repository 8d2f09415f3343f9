//! The compiled table, and what it finds.

use std::fmt;
use std::ops::Range;

use super::gate::{Gate, Target};
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

impl Default for Recognisers {
    fn default() -> Self {
        Self::new(Sensitive::DEFAULT)
    }
}

impl Recognisers {
    /// Recognises these kinds.
    #[must_use]
    pub fn new(kinds: &[Sensitive]) -> Self {
        let mut recognisers = Self {
            gate: Gate::new(),
            shapes: Vec::new(),
            kinds: kinds.to_vec(),
            names: Vec::new(),
        };
        for recogniser in table::all().filter(|recogniser| kinds.contains(&recogniser.kind)) {
            match recogniser.finder {
                Finder::Shapes { shapes, keep, verify } => {
                    for parts in shapes {
                        recognisers.add_shape(Shape { recogniser, parts, keep, verify });
                    }
                }
                Finder::Special(special) => recognisers.add_special(special),
                Finder::Along => {}
            }
        }
        // Mail addresses and passwords in addresses are told apart at the same `@`.
        if kinds.contains(&Sensitive::Email) {
            recognisers.add_special(Special::At);
        }
        recognisers
    }

    /// Adds the name of a field whose values are secret, whatever they are; case, `-`, `_` and `.` do not count.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        let mut buffer = [0; names::LONGEST];
        if let Some(folded) =
            names::fold(name.as_bytes(), &mut buffer).filter(|name| !name.is_empty())
        {
            self.names.push(folded.into());
            // Of `order-pin` the last word announces it, whatever joins it to the others.
            let last = name.rsplit(['-', '_', '.']).find(|word| !word.is_empty()).unwrap_or(name);
            let target = Target::Special(Special::Name);
            self.gate.add(last.to_ascii_lowercase().as_bytes(), true, target);
        }
        self
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

    fn has(&self, kind: Sensitive) -> bool {
        self.kinds.contains(&kind)
    }

    fn add_shape(&mut self, shape: Shape) {
        let literal = shape.parts.iter().find_map(|part| match part {
            Part::Lit(literal) => Some(*literal),
            Part::Run(..) => None,
        });
        if let Some(literal) = literal {
            self.gate.add(literal.as_bytes(), false, Target::Shape(self.shapes.len()));
            self.shapes.push(shape);
        }
    }

    fn add_special(&mut self, special: Special) {
        let gate = &mut self.gate;
        let target = Target::Special(special);
        let mut add = |literal: &[u8]| gate.add(literal, false, target);
        let digits = || b'0'..=b'9';
        match special {
            Special::TelegramToken => digits().for_each(|digit| {
                add(&[digit, b':']);
                add(&[digit, b'%']);
            }),
            Special::DiscordToken => {
                b"MNO".iter().for_each(|a| b"DTjz".iter().for_each(|b| add(&[*a, *b])));
            }
            Special::BitcoinKey => {
                ["5H", "5J", "5K", "Kw", "Kx", "Ky", "Kz", "L1", "L2", "L3", "L4", "L5"]
                    .iter()
                    .for_each(|pair| add(pair.as_bytes()));
            }
            Special::JsonToken => [b"eyJ", b"eyA", b"ewo"].iter().for_each(|begin| add(*begin)),
            Special::PemKey => add(b"BEGIN "),
            Special::At => (b'0'..=b'z')
                .filter(u8::is_ascii_alphanumeric)
                .chain(*b"[")
                .for_each(|next| add(&[b'@', next])),
            Special::Iban => personal::iban_pairs(add),
            Special::Phone => (b'1'..=b'9').for_each(|digit| add(&[b'+', digit])),
            Special::IpV4 => digits().for_each(|digit| add(&[digit, b'.'])),
            Special::IpV6 => b"0123456789abcdefABCDEF:".iter().for_each(|next| add(&[b':', *next])),
            Special::Authorization => {
                ["bearer", "basic"].iter().for_each(|word| gate.add(word.as_bytes(), true, target));
            }
            Special::Identified => gate.add(b"identified", true, target),
            Special::Name => {
                NAMES.iter().for_each(|word| gate.add(word.as_bytes(), true, target));
            }
        }
    }

    fn special(&self, special: Special, search: &mut Search<'_>, start: usize, length: usize) {
        let bytes = search.bytes;
        match special {
            Special::TelegramToken => {
                search.push_some(&special::TELEGRAM_TOKEN, bot::telegram(bytes, start), SURE);
            }
            Special::DiscordToken => {
                search.push_some(&special::DISCORD_TOKEN, bot::discord(bytes, start), SURE);
            }
            Special::BitcoinKey => {
                search.push_some(
                    &special::BITCOIN_KEY,
                    structured::bitcoin_key(bytes, start),
                    SURE,
                );
            }
            Special::JsonToken => {
                search.push_some(&special::JSON_TOKEN, structured::json_token(bytes, start), SURE);
            }
            Special::PemKey if start >= search.named_until => {
                if let Some((range, _)) = structured::pem_key(bytes, start) {
                    search.named_until = range.end;
                    search.push(&special::PRIVATE_KEY, range, SURE);
                }
            }
            Special::Authorization => {
                let word = &bytes[start..start + length];
                let found = header::scheme(bytes, word, start + length);
                search.push_some(&special::AUTHORIZATION, found, LIKELY);
            }
            Special::At => {
                if self.has(Sensitive::Secret)
                    && let Some(range) = personal::url_credentials(bytes, start)
                {
                    search.push(&special::URL_CREDENTIALS, range, SURE);
                } else if self.has(Sensitive::Email) {
                    search.push_some(&special::EMAIL, personal::email(bytes, start), LIKELY);
                }
            }
            Special::Iban => {
                search.push_some(&special::IBAN, personal::iban(bytes, start), verify::CERTAIN);
            }
            Special::Phone => {
                search.push_some(&special::PHONE, personal::phone(bytes, start), LIKELY);
            }
            Special::IpV4 => search.push_some(&special::IPV4, personal::ipv4(bytes, start), LIKELY),
            Special::IpV6 => search.push_some(&special::IPV6, personal::ipv6(bytes, start), LIKELY),
            Special::Identified => {
                search.push_some(
                    &special::SQL_PASSWORD,
                    assignment::identified(bytes, start + length),
                    SURE,
                );
            }
            Special::Name | Special::PemKey => self.name(search, start, length),
        }
    }

    fn name(&self, search: &mut Search<'_>, start: usize, length: usize) {
        if start < search.named_until {
            return;
        }
        let Some(value) = assignment::find(search.bytes, start, length, &self.names) else {
            return;
        };
        let (recogniser, confidence) = match value.meaning {
            Meaning::Authorization => (&special::AUTHORIZATION, LIKELY),
            Meaning::Cookie => (&special::COOKIE, LIKELY),
            Meaning::Token => (&special::NAMED_TOKEN, 70),
            Meaning::Password | Meaning::Pass | Meaning::Nothing => (&special::ASSIGNMENT, 80),
        };
        search.named_until = value.range.end;
        search.push(recogniser, value.range, confidence);
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

    fn push_some(
        &mut self,
        recogniser: &'static Recogniser,
        range: Option<Range<usize>>,
        sure: u8,
    ) {
        if let Some(range) = range {
            self.push(recogniser, range, sure);
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
    "pw",
];
