//! Escapes and digests of foreign lists.

use super::names::{base64, unescape, unpercent, unvis, vis};

#[test]
fn vis_is_read_in_all_its_styles() {
    let cases: [(&str, &[u8]); 12] = [
        ("plain", b"plain"),
        (r"a\040b", b"a b"),
        (r"a\sb\tc\nd\re", b"a b\tc\nd\re"),
        (r"back\\slash", br"back\slash"),
        (r"back\134slash", br"back\slash"),
        (r"\#hash\*\[", b"#hash*["),
        (r"\M-C\M-)", "é".as_bytes()),
        (r"\303\251", "é".as_bytes()),
        (r"\M^?\M-~", b"\xff\xfe"),
        (r"\^A\^?\E", b"\x01\x7f\x1b"),
        (r"\xfFe\$", b"\xffe"),
        (r"\0a\17b", b"\0a\x0fb"),
    ];
    for (text, plain) in cases {
        assert_eq!(unvis(text.as_bytes()), Ok(plain.to_vec()), "{text}");
    }
    for text in [r"\", r"\400", r"\x1", r"\xgg", r"\M", r"\M-", r"\Mab", r"\^", "\\\u{e9}"] {
        assert!(unvis(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn every_byte_survives_vis() {
    let all: Vec<u8> = (0..=255).collect();
    let text = vis(&all);
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
    assert_eq!(unvis(text.as_bytes()), Ok(all));
}

#[test]
fn escapes_of_coreutils_and_aide_are_read() {
    assert_eq!(unescape(br"a\\b\nc\rd"), Ok(b"a\\b\nc\rd".to_vec()));
    assert!(unescape(br"a\t").is_err());
    assert!(unescape(b"a\\").is_err());
    assert_eq!(unpercent(b"a%20b%fF%0A"), Ok(b"a b\xff\n".to_vec()));
    assert!(unpercent(b"a%2").is_err());
    assert!(unpercent(b"a%+2").is_err());
}

#[test]
fn base64_has_one_spelling_for_a_digest() {
    let text = "mOpuTyFvL7S2n/+bOkSELDhobKaF8/VdxIxdP7EQe+Q=";
    assert_eq!(
        base64(text.as_bytes()).unwrap().to_string(),
        "98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"
    );
    // Stray bits, no padding, too short, too long, a letter that is none.
    for other in [
        &text.replace("Q=", "R="),
        &text.replace('=', ""),
        "mOpu=",
        &format!("{text}="),
        &text.replace('+', "-"),
    ] {
        assert_eq!(base64(other.as_bytes()), None, "{other}");
    }
}
