//! Names that files must not have.

use wardkit_validation::{Policy, Sink};

#[test]
fn names_that_files_must_not_have_are_found() {
    for (name, rule) in [
        ("CON", "filename.device"),
        ("nul.txt", "filename.device"),
        ("LPT9", "filename.device"),
        ("uploads/com1.log", "filename.device"),
        ("aux .c", "filename.device"),
        ("avatar.php.jpg", "filename.disguised-program"),
        ("avatar.asp;.jpg", "filename.disguised-program"),
        ("invoice.pdf.exe", "filename.disguised-program"),
        ("page.asp::$DATA", "filename.stream"),
        ("page.jsp:x", "filename.stream"),
        ("page.php....", "filename.trailing"),
        ("page.php\t", "filename.trailing"),
        ("photo\u{202E}gpj.exe", "filename.direction"),
    ] {
        let verdict = Policy::for_sink(Sink::Path).check(name).unwrap();
        assert!(verdict.findings().iter().any(|finding| finding.rule.id == rule), "{name}");
    }
}

#[test]
fn names_of_files_pass() {
    for name in [
        "notes.txt",
        "console.log",
        "contract.pdf",
        "com",
        "COM10",
        "archive.tar.gz",
        "jquery.min.js",
        "page.php",
        "a.b.",
        "Hello there.",
        "nullable",
        "12:30",
        "at 12.30:",
        "Re: page.html",
        "auxiliary",
        "prn me",
        "data.2026.csv",
    ] {
        let verdict = Policy::for_sink(Sink::Path).check(name).unwrap();
        assert!(verdict.findings().is_empty(), "{name} {:?}", verdict.findings()[0].rule.id);
    }
}
