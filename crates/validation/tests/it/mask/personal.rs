//! Cards, accounts, addresses and telephones.

use wardkit_validation::{Masker, Sensitive};

use super::masked;

#[test]
fn cards_are_masked_in_groups_and_beside_words_of_payment() {
    for (text, expected) in [
        ("paid with 4539 5787 6362 1486 today", "paid with *** today"),
        ("paid with 4539-5787-6362-1486.", "paid with ***."),
        ("order 12 4539 5787 6362 1486 12/27 123", "order 12 *** 12/27 123"),
        ("card=4539578763621486", "card=***"),
        ("{\"pan\":\"4539578763621486\"}", "{\"pan\":\"***\"}"),
        ("4539578763621486", "***"),
        ("amex 3714 496353 98431", "amex ***"),
        ("test 4111111111111111", "test ***"),
        // No sum, no issuer, or part of a number.
        ("paid with 4539 5787 6362 1487", "paid with 4539 5787 6362 1487"),
        ("card 1234567812345670", "card 1234567812345670"),
        ("card 4539578763621486.25", "card 4539578763621486.25"),
        ("id 4539578763621486 done", "id 4539578763621486 done"),
    ] {
        assert_eq!(masked(text), expected, "{text}");
    }
}

#[test]
fn last_digits_of_cards_may_stay() {
    let masker = Masker::builder().last_digits_of_cards().build();
    assert_eq!(masker.mask("card 4539 5787 6362 1486"), "card ***1486");
}

#[test]
fn accounts_mail_addresses_and_telephones_are_masked() {
    for (text, expected) in [
        ("to DE89370400440532013000, please", "to ***, please"),
        ("to GB29 NWBK 6016 1331 9268 19.", "to ***."),
        ("iban=NO9386011117947", "iban=***"),
        ("to DE89370400440532013001", "to DE89370400440532013001"),
        ("from=<alice.b+tag@mail.example.org>", "from=<***>"),
        ("user alice@example.com logged in", "user *** logged in"),
        ("to=alice@example.com.", "to=***."),
        ("call +49 151 23456789 now", "call *** now"),
        ("tel:+12125550123", "tel:***"),
        ("\"from\":\"+4915123456789\"", "\"from\":\"***\""),
    ] {
        assert_eq!(masked(text), expected, "{text}");
    }
}

#[test]
fn what_only_looks_like_personal_data_stands() {
    for text in [
        "getty@tty1.service: Succeeded",
        "git@github.com:owner/repo.git",
        "logo@2x.png left-pad@1.3.0 user@host",
        "chacha20-poly1305@openssh.com negotiated",
        "message-id=<20261121.4F2A1@mail.example.org>",
        "at 10/Oct/2026:13:55:36 +0200, +1048576 bytes",
        "offset +12345678901234567890",
        "from 203.0.113.9 and 2001:db8::1",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn addresses_of_hosts_are_masked_when_asked_for() {
    let masker = Masker::builder().kinds([Sensitive::Ip]).build();
    assert_eq!(
        masker.mask("from 203.0.113.9:443 and [2001:db8::1]:80, v1.2.3.4.5, 12:34:56"),
        "from ***:443 and [***]:80, v1.2.3.4.5, 12:34:56"
    );
    assert_eq!(masker.mask("password=hunter2 a@b.org"), "password=hunter2 a@b.org");
}
