//! Lines, writers, pseudonyms, and values that hide.

use std::borrow::Cow;
use std::io::Write as _;

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use wardkit_validation::{Masked, Masker, MaskingWriter, Sensitive};

use super::masked;

fn keyed() -> Masker {
    Masker::builder().key(b"a key of the test").build()
}

fn key(label: &str, line_end: &str) -> String {
    [
        "-----BEGIN ",
        label,
        "-----",
        line_end,
        "MIIEvQIBADAN",
        line_end,
        "Bgkqhki=",
        line_end,
        "-----END ",
        label,
        "-----",
    ]
    .concat()
}

#[test]
fn private_key_is_masked_in_one_text() {
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
    {
        let whole = format!("-----BEGIN {label}-----\n***\n***\n-----END {label}-----");
        assert_eq!(masked(&key(label, "\n")), whole);
        let escaped = format!("{{\"key\":\"{}\\n\"}}", key(label, "\\n"));
        let expected =
            format!("{{\"key\":\"-----BEGIN {label}-----***-----END {label}-----\\n\"}}");
        assert_eq!(masked(&escaped), expected);
    }
    let public = key("PUBLIC KEY", "\n");
    assert_eq!(masked(&public), public);
    assert_eq!(masked("-----BEGIN PRIVATE KEY-----\nMIIE"), "-----BEGIN PRIVATE KEY-----\n***");
}

#[test]
fn private_key_that_is_masked_already_is_borrowed() {
    let masked = key("PRIVATE KEY", "\n").replace("MIIEvQIBADAN", "***").replace("Bgkqhki=", "***");
    assert!(matches!(Masker::default().mask(&masked), Cow::Borrowed(text) if text == masked));
}

#[test]
fn label_that_is_broken_begins_no_private_key() {
    let text = "-----BEGIN PRIVATE KEY--\0---\nMIIE\n-----END PRIVATE KEY-----\nplain\n";
    assert_eq!(masked(text), text);
    let mut lines = Masker::default().lines();
    assert!(
        text.split_inclusive('\n').all(|line| *lines.mask(line.as_bytes()) == *line.as_bytes())
    );
}

#[test]
fn private_key_is_masked_line_by_line() {
    let mut lines = Masker::default().lines();
    let text = format!("before\n{}\nafter password=x\n", key("RSA PRIVATE KEY", "\r\n"));
    let masked: Vec<u8> = text
        .split_inclusive('\n')
        .flat_map(|line| lines.mask(line.as_bytes()).into_owned())
        .collect();
    assert_eq!(
        String::from_utf8(masked).unwrap(),
        "before\n-----BEGIN RSA PRIVATE KEY-----\r\n***\r\n***\r\n-----END RSA PRIVATE KEY-----\nafter password=***\n"
    );
}

#[test]
fn a_key_that_begins_behind_the_footer_of_another_is_masked() {
    for first in [
        "-----END CERTIFICATE----------BEGIN PRIVATE KEY-----\n",
        "passwd:-----END -----BEGIN PRIVATE KEY-----\n",
        "a@b.org-----BEGIN PRIVATE KEY-----BEGIN \n",
        "-----BEGIN PRIVATE KEY-----END\n",
        "-----BEGIN PRIVATE KEY-----BEGIN PRIVATE KEY-----END\n",
    ] {
        let mut lines = Masker::default().lines();
        let once = lines.mask(first.as_bytes()).into_owned();
        assert_eq!(*lines.mask(b"MIIE\n"), *b"***\n", "{first}");
        let mut lines = Masker::default().lines();
        assert_eq!(*lines.mask(&once), *once, "{first}");
    }
    let mut lines = Masker::default().lines();
    let _ = lines.mask(b"-----BEGIN PRIVATE KEY-----\n");
    let _ = lines.mask(b"MIIE-----END PRIVATE KEY----------BEGIN EC PRIVATE KEY-----\n");
    assert_eq!(*lines.mask(b"MIIE\n"), *b"***\n");
    let mut lines = Masker::default().lines();
    let _ = lines.mask(b"-----BEGIN PRIVATE KEY-----\n");
    assert_eq!(*lines.mask(b"MIIE-----END@example.org\n"), *b"***-----END@example.org\n");
    let mut lines = Masker::default().lines();
    let header = b"pass=-----BEGIN PRIVATE KEY-----\n";
    assert_eq!(*lines.mask(header), *header);
    assert_eq!(*lines.mask(b"MIIE\n"), *b"***\n");
    let mut lines = Masker::default().lines();
    let _ = lines.mask(b"-----BEGIN PRIVATE KEY-----MIIE-----END PRIVATE KEY-----\n");
    assert_eq!(*lines.mask(b"plain\n"), *b"plain\n");
}

#[test]
fn a_chain_in_which_each_mask_makes_the_next_is_masked_with_its_line() {
    let keyed = Masker::builder().kinds(Sensitive::ALL.iter().copied()).key(b"a key of sixteen");
    let masker = keyed.build();
    for links in 1..12 {
        let text = format!("before\n://:s{}\nafter\n", "@p.or/".repeat(links));
        let once = masker.mask(&text).into_owned();
        assert_eq!(masker.mask(&once), once, "{text}");
        assert!(once.starts_with("before\n") && once.ends_with("\nafter\n"), "{once}");
    }
    let text = "-----BEGIN PRIVATE KEY-----\n-----END://:s@p.or/@p.or/@p\n\u{e}";
    let once = masker.mask(text).into_owned();
    assert_eq!(masker.mask(&once), once);
}

#[test]
fn key_whose_end_never_comes_does_not_mask_for_ever() {
    let mut lines = Masker::default().lines();
    let _ = lines.mask(b"-----BEGIN PRIVATE KEY-----\n");
    let open = (0..1000).take_while(|_| *lines.mask(b"plain\n") == *b"***\n").count();
    assert_eq!(open, 401);
}

#[test]
fn same_secret_has_the_same_pseudonym_under_the_same_key_only() {
    let other = Masker::builder().key(b"another key").build();
    let one = keyed().mask("password=hunter2").into_owned();
    assert_eq!(one, keyed().mask("password=hunter2"));
    assert_ne!(one, keyed().mask("password=hunter3"));
    assert_ne!(one, other.mask("password=hunter2"));
    assert_eq!(one.len(), "password=***".len() + 8);
}

#[test]
fn hidden_value_shows_its_pseudonym_only() {
    let hidden = keyed().hide("hunter2".to_owned());
    let shown = format!("{hidden}");
    assert_eq!(format!("password={shown}"), keyed().mask("password=hunter2"));
    assert_eq!((format!("{hidden:?}"), hidden.expose().as_str()), (shown, "hunter2"));
    assert_eq!(Masked::new(vec![1_u8, 2]).to_string(), "***");
}

#[test]
fn clean_text_is_borrowed_and_allocates_nothing() {
    let masker = Masker::default();
    let line = "2026-11-21T10:15:00Z INFO shop-bot: order 4711 for chat -1001234567890 took 12.5 ms, retry=0";
    let mut borrowed = false;
    let counted = allocation_counter::measure(|| {
        borrowed = matches!(masker.mask(line), Cow::Borrowed(_));
    });
    assert!(borrowed);
    assert_eq!(counted.count_total, 0);
}

#[test]
fn writer_masks_lines_that_come_in_pieces() {
    let mut out = Vec::new();
    let mut writer = MaskingWriter::new(&mut out, &Masker::default());
    for piece in ["pass", "word=hun", "ter2\npassword=", "x"] {
        writer.write_all(piece.as_bytes()).unwrap();
    }
    writer.flush().unwrap();
    drop(writer);
    assert_eq!(String::from_utf8(out).unwrap(), "password=***\npassword=***");
}

#[test]
fn bytes_that_are_no_text_pass_and_are_masked() {
    let masked = Masker::default().mask_bytes(b"\xff\xfe\0password=hunter2\0\xff").into_owned();
    assert_eq!(masked, b"\xff\xfe\0password=***\0\xff");
}

proptest! {
    #[test]
    fn masking_twice_changes_nothing(text in "(?s).{0,200}") {
        let once = keyed().mask(&text).into_owned();
        prop_assert_eq!(keyed().mask(&once), once.as_str());
    }

    #[test]
    fn masking_fragments_twice_changes_nothing(parts in proptest::collection::vec(proptest::sample::select(FRAGMENTS), 0..12)) {
        let text = parts.concat();
        let once = keyed().mask(&text).into_owned();
        prop_assert_eq!(keyed().mask(&once), once.as_str(), "{}", text);
        prop_assert_eq!(once.matches('\n').count(), text.matches('\n').count());
    }

    #[test]
    fn any_bytes_are_masked_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let masked = Masker::default().mask_bytes(&bytes).into_owned();
        prop_assert!(masked.len() <= bytes.len() + 3 * bytes.len());
    }
}

const FRAGMENTS: &[&str] = &[
    "password",
    "=",
    ":",
    " ",
    "\"",
    "'",
    "\\",
    "token",
    "a1B2c3D4e5F6g7H8",
    "://",
    "@",
    "user:",
    "host.example.org",
    "Authorization: ",
    "Bearer ",
    "***",
    "12345678",
    "\n",
    "4539 5787 6362 1486",
    "+4915123456789",
    "-----BEGIN ",
    "PRIVATE KEY-----",
    "-----END ",
    "DE89370400440532013000",
    ",",
    "&",
    "%3D",
    "\u{e4}",
    "{",
    "}",
    "secret_",
    "x",
    "\r\n",
    "cookie: a=",
    "eyJ",
    "<",
    ">",
    "$",
    "IDENTIFIED BY '",
];
