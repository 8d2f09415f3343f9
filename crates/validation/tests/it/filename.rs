//! Names of uploads.

use std::borrow::Cow;

use proptest::prelude::*;
use wardkit_validation::{Error, Filename, FilenameRules, Root, Sanitizer, Untrusted};

fn name(text: &str) -> String {
    Filename::for_upload(&Untrusted::new(text), "png").unwrap().as_str().to_owned()
}

#[test]
fn what_is_good_of_a_name_is_kept() {
    let check = |text: &str, expected: &str| assert_eq!(name(text), expected, "{text:?}");
    check("photo.jpeg", "photo.png");
    check("Über den Wolken (2).PNG", "Über den Wolken (2).png");
    check("写真.png", "写真.png");
    check("no-extension", "no-extension.png");
    check("👩\u{200d}🚀.png", "👩\u{200d}🚀.png");
    check("v1.2 notes.pdf", "v1_2 notes.png");
    check("नमस्ते.png", "नमस्ते.png");
}

#[test]
fn what_is_not_is_gone() {
    let check = |text: &str, expected: &str| assert_eq!(name(text), expected, "{text:?}");
    for text in [
        "",
        ".",
        "..",
        "...",
        "/",
        "a/",
        "\\",
        ".htaccess",
        ".png",
        "\u{200b}",
        "\u{200d}",
        "___",
        "\u{3164}",
        " ",
        "-",
        "a/..",
    ] {
        check(text, "file.png");
    }
    check("../../etc/passwd", "passwd.png");
    check("C:\\fakepath\\x.png", "x.png");
    check("..\\..\\boot.ini", "boot.png");
    check("shell.php.jpg", "shell_php.png");
    check("shell.php\0.png", "shell_php.png");
    check("shell.php;.png", "shell_php_.png");
    check("a:b.txt", "a_b.png");
    check("x.asp::$DATA", "x.png");
    check("-rf.png", "rf.png");
    check("--help", "help.png");
    check("a\r\nContent-Type: x.png", "aContent-Type_ x.png");
    check("$(id).png", "_(id).png");
    check("`id`;ls|x&.png", "_id__ls_x_.png");
    check("<svg onload=1>.png", "_svg onload_1_.png");
    check("gpj.\u{202e}exe.png", "gpj_exe.png");
    check("..\u{2215}..\u{ff0f}x.png", "______x.png");
    check("con.txt", "_con.png");
    check("NUL", "_NUL.png");
    check("com1.png", "_com1.png");
    check("a ", "a.png");
    check("\u{1b}[31mred.png", "_31mred.png");
}

#[test]
fn a_name_is_no_longer_than_allowed() {
    let long = name(&"ö".repeat(1000));
    assert_eq!(long, format!("{}.png", "ö".repeat(60)));
}

#[test]
fn the_extension_is_the_programs_own() {
    let check = |extension: &str| Filename::for_upload(&Untrusted::new("a"), extension);
    assert_eq!(check("tar.gz").unwrap().to_string(), "a.tar.gz");
    for extension in
        ["", ".", ".png", "png.", "PNG", "p/g", "a..b", "p\0", "p g", "abcdefghijklmnopq"]
    {
        assert!(matches!(check(extension), Err(Error::Extension)), "{extension:?}");
    }
}

proptest! {
    #[test]
    fn names_stay_as_they_are_and_are_portable(text in "[\\s\\S]{0,60}|[-_. /\\\\:conaux\\u{200d}\\u{200b}\\u{ff0f}]{0,12}") {
        let rules = FilenameRules::default();
        let stem = rules.sanitize(&text);
        let again = rules.sanitize(&stem);
        prop_assert!(matches!(again, Cow::Borrowed(_)), "{:?} -> {:?}", stem, again);
        prop_assert_eq!(matches!(stem, Cow::Borrowed(_)), *stem == *text);
        let name = name(&text);
        let directory = tempfile::tempdir().unwrap();
        let root = Root::open(directory.path()).unwrap();
        prop_assert!(root.path(&name).unwrap().create().is_ok(), "{:?}", name);
        prop_assert!(name.len() <= 128 && !name.starts_with(['.', '-', ' ']));
        prop_assert_eq!(name.matches('.').count(), 1);
    }
}
