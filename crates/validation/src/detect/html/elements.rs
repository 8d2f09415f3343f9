//! Which elements, attributes and events do something.

/// What an element does to a page by being there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It runs or loads something, or changes how the rest is read.
    Runs,
    /// It makes the page another one: forms, pictures, styles, the document itself.
    Changes,
    /// The same, and its name is also a word that people put in angle brackets.
    Word,
    /// It formats text, or nobody knows it.
    Formats,
}

/// Takes names in lower case.
#[rustfmt::skip]
pub(super) const fn effect(name: &[u8]) -> Effect {
    match name {
        b"script" | b"iframe" | b"frameset" | b"embed" | b"applet" | b"svg" | b"math" | b"noscript"
        | b"bgsound" | b"ilayer" | b"xss" | b"foreignobject" | b"animatetransform"
        | b"animatemotion" | b"marquee" | b"isindex" | b"keygen" | b"plaintext" | b"xmp"
        | b"noembed" | b"noframes" | b"fencedframe" | b"annotation-xml" | b"maction" | b"mglyph"
        | b"malignmark" | b"feimage" | b"vmlframe" | b"scriptlet" => {
            Effect::Runs
        }
        b"html" | b"body" | b"style" | b"img" | b"textarea" | b"xml" | b"bdo" | b"blink" | b"mtext"
        | b"animate" | b"optgroup" | b"fieldset" | b"bindings" => Effect::Changes,
        b"a" | b"form" | b"input" | b"button" | b"select" | b"head" | b"link" | b"image" | b"video"
        | b"audio" | b"source" | b"track" | b"template" | b"title" | b"param" | b"set" | b"use"
        | b"handler" | b"listener" | b"dialog" | b"details" | b"map" | b"area" | b"import"
        | b"command" | b"event-source" | b"object" | b"base" | b"frame" | b"meta" | b"layer"
        | b"portal" | b"implementation" | b"picture" | b"discard" | b"slot" => Effect::Word,
        _ => Effect::Formats,
    }
}

/// Tells whether an attribute of that name within a tag is an event handler; browsers add new ones all the time.
pub(super) fn is_handler(name: &[u8]) -> bool {
    let letters = name.get(2..).unwrap_or_default();
    starts_with(name, b"on")
        && letters.len() >= 3
        && letters.len() < LONGEST_EVENT
        && letters.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == 0)
        && !is_one_of(name, NO_EVENTS)
}

/// Tells whether it is the handler of an event that exists, for places where a word with an equals sign may be code.
pub(super) fn is_known_handler(name: &[u8]) -> bool {
    is_handler(name) && EVENTS.iter().any(|event| starts_with(&name[2..], event.as_bytes()))
}

/// Tells whether a browser follows or loads the value.
pub(super) fn is_url(name: &[u8]) -> bool {
    let local =
        name.iter().rposition(|byte| *byte == b':').map_or(name, |colon| &name[colon + 1..]);
    is_one_of(local, URLS)
}

/// Tells whether the attribute does harm whatever its value.
pub(super) fn is_dangerous(name: &[u8]) -> bool {
    is_one_of(name, DANGEROUS)
}

/// Tells whether an attribute of that name, after a quote that ends another one, is no accident.
pub(super) fn breaks_out(name: &[u8]) -> bool {
    is_known_handler(name) || is_url(name) || is_dangerous(name) || is_one_of(name, BREAK_OUT)
}

fn is_one_of(name: &[u8], names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

fn starts_with(name: &[u8], start: &[u8]) -> bool {
    name.get(..start.len()).is_some_and(|name| name.eq_ignore_ascii_case(start))
}

/// The beginnings of the events that exist.
const EVENTS: &[&str] = &[
    "abort",
    "activate",
    "after",
    "animation",
    "auxclick",
    "before",
    "begin",
    "blur",
    "bounce",
    "cancel",
    "canplay",
    "cell",
    "change",
    "click",
    "close",
    "command",
    "content",
    "contextmenu",
    "controlselect",
    "copy",
    "cuechange",
    "cut",
    "dataavailable",
    "datasetc",
    "dblclick",
    "deactivate",
    "device",
    "drag",
    "drop",
    "durationchange",
    "emptied",
    "end",
    "error",
    "filterchange",
    "finish",
    "focus",
    "form",
    "fullscreen",
    "gesture",
    "gotpointer",
    "hashchange",
    "help",
    "input",
    "invalid",
    "key",
    "language",
    "layout",
    "load",
    "losecapture",
    "lostpointer",
    "media",
    "message",
    "mouse",
    "move",
    "offline",
    "online",
    "orientation",
    "page",
    "paint",
    "paste",
    "pause",
    "play",
    "pointer",
    "popstate",
    "progress",
    "propertychange",
    "rate",
    "readystate",
    "rejection",
    "repeat",
    "reset",
    "resize",
    "row",
    "scroll",
    "search",
    "security",
    "seek",
    "select",
    "show",
    "slotchange",
    "stalled",
    "start",
    "stop",
    "storage",
    "submit",
    "suspend",
    "sync",
    "timeerror",
    "timeupdate",
    "toggle",
    "touch",
    "transition",
    "undo",
    "unhandled",
    "unload",
    "urlflip",
    "volume",
    "waiting",
    "webkit",
    "wheel",
    "zoom",
];

/// Words that begin with `on` and name no event.
const NO_EVENTS: &[&str] = &[
    "online", "ontology", "onlyone", "onset", "onward", "onwards", "ontario", "ongoing", "onion",
    "onions", "onboard", "onsite", "onscreen", "oneself", "onlooker", "onshore", "onedrive",
    "onhand", "onprem",
];

const URLS: &[&str] = &[
    "href",
    "src",
    "action",
    "formaction",
    "data",
    "background",
    "poster",
    "lowsrc",
    "dynsrc",
    "code",
    "codebase",
    "classid",
    "archive",
    "manifest",
    "srcset",
    "ping",
    "cite",
    "longdesc",
    "profile",
    "usemap",
    "icon",
    "from",
    "to",
    "values",
    "by",
    "content",
    "folder",
    "dataurl",
    "movie",
    "value",
    "base",
    "handler",
    "datasrc",
    "style",
    "url",
    "link",
    "location",
];

const DANGEROUS: &[&str] = &[
    "srcdoc",
    "formaction",
    "http-equiv",
    "xlink:href",
    "datasrc",
    "dataformatas",
    "allowscriptaccess",
    "dynsrc",
    "lowsrc",
    "background",
    "attributename",
    "xmlns:xlink",
    "seeksegmenttime",
];

const BREAK_OUT: &[&str] = &[
    "style",
    "autofocus",
    "contenteditable",
    "accesskey",
    "tabindex",
    "type",
    "xmlns",
    "target",
    "popover",
    "draggable",
];

/// Longer words are none.
const LONGEST_EVENT: usize = 40;
