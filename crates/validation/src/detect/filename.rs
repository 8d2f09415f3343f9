//! Names that a file must not have.

use std::ops::Range;

use super::hits::{Hits, View};
use super::{Class, Rule, Sink};

/// Every rule of this detector.
pub(crate) static RULES: &[Rule] = &[DEVICE, DISGUISE, STREAM, TRAILING, DIRECTION, OPTION];

/// A message is no file name: nothing counts there, and this literal is all but never seen.
pub(crate) const GATE: &[&str] = &["::$data"];

/// Looks at a text that may be a file name, a path before it included.
pub(crate) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    let text = view.text;
    if text.len() > LONGEST || text.split_ascii_whitespace().nth(MOST_WORDS).is_some() {
        return;
    }
    let start = text.rfind(['/', '\\']).map_or(0, |at| at + 1);
    let name = text[start..].trim_start();
    let span = text.len() - name.len()..text.len();
    let mut report = |rule: &'static Rule| hits.hit(rule, Range::clone(&span));
    if is_device(name) {
        report(&DEVICE);
    }
    if name.starts_with('-') && name.len() > 2 && start == 0 {
        report(&OPTION);
    }
    let Some((stem, extensions)) = name.split_once('.').filter(|(stem, _)| !stem.is_empty()) else {
        return;
    };
    if name.chars().any(|c| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}')) {
        report(&DIRECTION);
    }
    let kept =
        extensions.trim_end_matches(|c: char| c == '.' || c.is_whitespace() || c.is_control());
    if kept.len() < extensions.len() && kept.rsplit('.').next().is_some_and(is_program) {
        report(&TRAILING);
    }
    if is_stream(extensions) && !stem.contains(':') {
        report(&STREAM);
    }
    if is_disguised(kept) {
        report(&DISGUISE);
    }
}

/// Tells whether Windows opens a device under that name, whatever extension follows.
fn is_device(name: &str) -> bool {
    let stem = name.split(['.', ':']).next().unwrap_or_default().trim_end();
    if let (Some(device), Some(number)) = (stem.get(..3), stem.get(3..)) {
        let numbered = device.eq_ignore_ascii_case("com") || device.eq_ignore_ascii_case("lpt");
        if numbered
            && matches!(
                number,
                "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³"
            )
        {
            return true;
        }
    }
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"]
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device))
}

/// `name.asp::$DATA` is `name.asp` for NTFS, and not for whoever looks at its extension.
fn is_stream(extensions: &str) -> bool {
    let Some((extension, stream)) = extensions.split_once(':') else { return false };
    let data = stream.trim_start_matches(':').as_bytes();
    extension.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
        && (data.starts_with(b"$")
            || (is_program(extension) && !data.is_empty() && !data[0].is_ascii_digit()))
}

/// Tells whether one extension says program and another says document.
fn is_disguised(extensions: &str) -> bool {
    let mut program = false;
    let mut document = false;
    for part in extensions.split(['.', ';', '%', '\0', ' ']) {
        let both = (program && is_document(part)) || (document && is_windows_program(part));
        if both {
            return true;
        }
        program |= is_program(part);
        document |= is_document(part);
    }
    false
}

fn is_program(extension: &str) -> bool {
    is_windows_program(extension)
        || SERVER_PROGRAMS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn is_windows_program(extension: &str) -> bool {
    WINDOWS_PROGRAMS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn is_document(extension: &str) -> bool {
    DOCUMENTS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

const SERVER_PROGRAMS: &[&str] = &[
    "php", "php3", "php4", "php5", "php7", "php8", "phps", "pht", "phtml", "phar", "shtml", "asp",
    "aspx", "asa", "asax", "ascx", "ashx", "asmx", "cer", "cdx", "jsp", "jspx", "jsw", "jspf",
    "cfm", "cgi",
];

const WINDOWS_PROGRAMS: &[&str] = &[
    "exe", "scr", "pif", "bat", "cmd", "com", "vbs", "vbe", "hta", "ps1", "lnk", "msi", "jar",
    "wsf", "cpl",
];

const DOCUMENTS: &[&str] = &[
    "jpg", "jpeg", "png", "gif", "bmp", "webp", "ico", "svg", "pdf", "txt", "doc", "docx", "xls",
    "xlsx", "ppt", "pptx", "csv", "mp3", "mp4", "avi", "zip", "rar", "7z", "html", "htm", "xml",
    "json",
];

const DEVICE: Rule = Rule {
    id: "filename.device",
    confidence: 75,
    reason: "the name is that of a device on Windows",
    about: "Windows opens CON, NUL, COM1 and their like as devices in every directory, whatever extension follows. A program \
            that writes there hangs or loses data. The type Filename refuses such names.",
    example: "aux.txt",
    ..BASE
};

const DISGUISE: Rule = Rule {
    id: "filename.disguised-program",
    confidence: 90,
    reason: "the name has the extension of a program and that of a document",
    about: "A check looks at one extension, a web server or a person goes by the other: image.php.jpg runs on some servers, \
            invoice.pdf.exe looks like a document. The type Filename keeps the stem and takes the extension from the \
            content.",
    example: "avatar.php.jpg",
    ..BASE
};

const STREAM: Rule = Rule {
    id: "filename.stream",
    confidence: 90,
    reason: "the name asks for a stream of a file on NTFS",
    about: "On Windows page.asp::$DATA is the content of page.asp, and passes a check of its extension. The type Filename \
            refuses colons.",
    example: "page.asp::$DATA",
    ..BASE
};

const TRAILING: Rule = Rule {
    id: "filename.trailing",
    confidence: 85,
    reason: "dots or blanks after the extension of a program, which Windows drops",
    about: "The name passes a check of its extension and loses the dots or blanks when the file is made. The type Filename \
            trims names before it looks.",
    example: "page.php.",
    ..BASE
};

const DIRECTION: Rule = Rule {
    id: "filename.direction",
    confidence: 90,
    reason: "the name changes its writing direction, so that its extension shows elsewhere",
    about: "An invisible character turns the rest of the name around: a program is shown with the extension of a document. \
            The type Filename refuses such characters.",
    example: "photo\u{202E}gpj.exe",
    ..BASE
};

const OPTION: Rule = Rule {
    id: "filename.option",
    strictness: 3,
    confidence: 40,
    reason: "the name begins with a hyphen, as an option does",
    about: "A program that is given the name as an argument takes it for an option. Pass arguments through Argv, which puts \
            names after two hyphens.",
    example: "-rf",
    ..BASE
};

/// What all share: they count in the normal case for a path, and not in a message.
const BASE: Rule = Rule {
    id: "",
    class: Class::Filename,
    sinks: &[Sink::Path],
    strictness: 2,
    message: 0,
    confidence: 0,
    reason: "",
    about: "",
    example: "",
};

/// Longer texts are not names; that they are too long is found elsewhere.
const LONGEST: usize = 512;

/// A name with more blanks is a sentence.
const MOST_WORDS: usize = 4;
