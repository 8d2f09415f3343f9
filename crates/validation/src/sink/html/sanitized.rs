//! Markup from outside that may stay markup.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use ammonia::{Builder, UrlRelative};

use crate::Error;
use crate::sink::sanitizer::{Edit, Sanitizer};
use crate::sink::{Accept, Untrusted};

/// Markup of which only harmless elements and attributes are left. It may stand where elements may, and nowhere else:
/// in an attribute or a script it would be read by other rules. So it has no `Display`.
///
/// ```compile_fail,E0277
/// fn page(text: wardkit_validation::SanitizedHtml) -> String {
///     format!("<p title=\"{text}\"></p>")
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
#[must_use]
pub struct SanitizedHtml(String);

impl SanitizedHtml {
    /// Returns the markup, to be put between tags of a page.
    #[must_use]
    pub fn as_element_content(&self) -> &str {
        &self.0
    }
}

/// Hides the markup.
impl fmt::Debug for SanitizedHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SanitizedHtml(..)")
    }
}

/// Which elements may stay.
///
/// Never among them are SVG and `MathML`, whose contents parsers read by other rules, elements of raw text, forms,
/// frames, scripts and styles; nor handlers of events, `style` and `id`. Links are `http`, `https` and `mailto`, and
/// relative ones go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HtmlRules {
    /// What a chat shows: bold, italic, code, quotes, lists and links.
    Chat,
    /// What an article has: headings, tables and images too.
    Article,
}

impl HtmlRules {
    /// Returns what may stay of some markup.
    ///
    /// # Errors
    ///
    /// The markup is longer than 64 KiB, its elements are nested more than 200 deep, beyond which browsers no longer
    /// agree, so many of them are left open that a parser would repeat them without end, or
    /// they overlap in such a way that each parse moves them again.
    pub fn sanitize_markup<T: AsRef<str>>(
        self,
        markup: &Untrusted<T>,
    ) -> Result<SanitizedHtml, Error> {
        self.accept(markup.inside().as_ref())
    }

    fn builder(self) -> Builder<'static> {
        let mut tags: HashSet<&'static str> = CHAT.iter().copied().collect();
        let mut builder = Builder::default();
        if self == Self::Article {
            tags.extend(ARTICLE);
            builder.tag_attributes(
                [
                    ("a", HashSet::from(["href", "title"])),
                    ("img", HashSet::from(["src", "alt", "title", "width", "height"])),
                    ("td", HashSet::from(["colspan", "rowspan"])),
                    ("th", HashSet::from(["colspan", "rowspan"])),
                ]
                .into(),
            );
        } else {
            builder.tag_attributes([("a", HashSet::from(["href", "title"]))].into());
        }
        builder
            .tags(tags)
            .clean_content_tags(DROPPED.iter().copied().collect())
            .generic_attributes(HashSet::new())
            .generic_attribute_prefixes(HashSet::new())
            .url_schemes(HashSet::from(["http", "https", "mailto"]))
            .url_relative(UrlRelative::Deny)
            .link_rel(Some("noopener noreferrer nofollow"))
            .strip_comments(true);
        builder
    }
}

impl Accept<str> for HtmlRules {
    type Safe = SanitizedHtml;

    fn accept(&self, markup: &str) -> Result<SanitizedHtml, Error> {
        if markup.len() > MAX_MARKUP {
            return Err(Error::TooLarge { len: markup.len(), cap: MAX_MARKUP });
        }
        if repeats(markup) > MAX_REPEATS {
            return Err(Error::RepeatedMarkup);
        }
        let builder = self.builder();
        let mut clean = builder.clean(markup).to_string();
        // Where tags overlap, a parser moves elements, and what it wrote it reads as something else: a link within a link
        // falls out of it. A browser is a parser as well, so what is given out is what parsing leaves alone.
        for _ in 0..MOST_ROUNDS {
            if depth(&clean) > MAX_DEPTH {
                return Err(Error::NestedTooDeep);
            }
            if repeats(&clean) > MAX_REPEATS {
                return Err(Error::RepeatedMarkup);
            }
            let again = builder.clean(&clean).to_string();
            if again == clean {
                return Ok(SanitizedHtml(clean));
            }
            clean = again;
        }
        Err(Error::RepeatedMarkup)
    }
}

/// Of markup that is too long or too deep, nothing stays.
impl Sanitizer for HtmlRules {
    fn sanitize_with<'a>(&self, markup: &'a str, edits: &mut dyn FnMut(Edit)) -> Cow<'a, str> {
        let clean = match self.accept(markup) {
            Ok(SanitizedHtml(clean)) => Cow::Owned(clean),
            Err(_) => Cow::Borrowed(""),
        };
        if *clean == *markup {
            return Cow::Borrowed(markup);
        }
        edits(Edit::new(
            0..markup.len(),
            "markup that may not stay, or that was written otherwise",
        ));
        clean
    }
}

/// Returns how many elements a parser may make of the markup, at most.
///
/// An element of form that is left open is opened again in every block that follows: a hundred of them before a
/// thousand paragraphs are a hundred thousand elements. A parser keeps three of one kind, but those with attributes
/// are all of their own kind; of links it keeps one.
fn repeats(markup: &str) -> usize {
    let (mut tags, mut own) = (1_usize, 1_usize);
    let mut plain = [0_usize; REOPENED.len()];
    for tag in memchr::memchr_iter(b'<', markup.as_bytes()).map(|at| &markup[at + 1..]) {
        tags += 1;
        let end = tag.bytes().take_while(u8::is_ascii_alphabetic).count();
        let Some(kind) = REOPENED.iter().position(|name| tag[..end].eq_ignore_ascii_case(name))
        else {
            continue;
        };
        if tag[end..].starts_with('>') {
            plain[kind] = (plain[kind] + 1).min(3);
        } else {
            own += 1;
        }
    }
    tags.saturating_mul(own + plain.iter().sum::<usize>())
}

/// Returns how deep elements are nested in what the serializer wrote: every element is closed, every value of an
/// attribute is in double quotes.
fn depth(markup: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut in_tag) = (0_usize, 0, false, false);
    let bytes = markup.as_bytes();
    for at in memchr::memchr3_iter(b'<', b'>', b'"', bytes) {
        match bytes[at] {
            b'"' => quoted ^= in_tag,
            _ if quoted => {}
            b'>' => in_tag = false,
            _ => {
                in_tag = true;
                match bytes.get(at + 1) {
                    Some(b'/') => depth = depth.saturating_sub(1),
                    _ if is_void(&markup[at + 1..]) => {}
                    _ => depth += 1,
                }
                deepest = deepest.max(depth);
            }
        }
    }
    deepest
}

/// Whether an element that is never closed begins here.
fn is_void(tag: &str) -> bool {
    ["br", "hr", "img"]
        .iter()
        .any(|name| tag.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '>', '/'])))
}

const CHAT: &[&str] = &[
    "a",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "del",
    "ins",
    "code",
    "pre",
    "blockquote",
    "br",
    "p",
    "span",
    "ul",
    "ol",
    "li",
    "sub",
    "sup",
    "q",
    "kbd",
];

const ARTICLE: &[&str] = &[
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "figure",
    "figcaption",
    "table",
    "caption",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
    "dl",
    "dt",
    "dd",
    "abbr",
    "cite",
    "dfn",
    "mark",
    "small",
    "var",
    "samp",
    "div",
    "article",
    "section",
];

/// Elements that go with all that is in them: what a browser would have read by other rules is no text for people.
const DROPPED: &[&str] = &[
    "script",
    "style",
    "svg",
    "math",
    "noscript",
    "noembed",
    "noframes",
    "iframe",
    "xmp",
    "plaintext",
    "textarea",
    "title",
    "template",
    "select",
    "object",
    "embed",
    "applet",
];

/// A parser walks through all open elements at some tags, so that the effort grows with the square of this.
const MAX_MARKUP: usize = 64 * 1024;

/// The elements that parsers open again, but for links.
const REOPENED: &[&str] =
    &["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Each element costs some hundred bytes; honest markup of 64 KiB comes to less than half of this.
const MAX_REPEATS: usize = 1 << 17;

/// Overlaps that people write are gone after one.
const MOST_ROUNDS: usize = 8;
/// Parsers begin to move elements at some depth, which has changed the meaning of markup after it was cleaned; the
/// lowest known limit is 255.
const MAX_DEPTH: usize = 200;
