//! Changes in reports that programs read.

use std::os::unix::ffi::OsStrExt as _;

use serde::ser::{SerializeMap as _, SerializeStruct as _};
use serde::{Serialize, Serializer};

use crate::{Change, Faulty, FieldChange, FieldValue};

/// `{path, path_b64, change, fields: {NAME: {old, new}}}`. `path_b64` is there when the path is not UTF-8, and `path`
/// then has replacement characters.
impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_text = self.path.to_str().is_some();
        let mut change = serializer.serialize_struct("Change", if is_text { 3 } else { 4 })?;
        change.serialize_field("path", &self.path.to_string_lossy())?;
        if is_text {
            change.skip_field("path_b64")?;
        } else {
            change.serialize_field("path_b64", &base64(self.path.as_os_str().as_bytes()))?;
        }
        change.serialize_field("change", &self.kind)?;
        change.serialize_field("fields", &ByName(&self.fields))?;
        change.end()
    }
}

/// `{path, path_b64, reason}`.
impl Serialize for Faulty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_text = self.path.to_str().is_some();
        let mut faulty = serializer.serialize_struct("Faulty", if is_text { 2 } else { 3 })?;
        faulty.serialize_field("path", &self.path.to_string_lossy())?;
        if is_text {
            faulty.skip_field("path_b64")?;
        } else {
            faulty.serialize_field("path_b64", &base64(self.path.as_os_str().as_bytes()))?;
        }
        faulty.serialize_field("reason", &self.fault.to_string())?;
        faulty.end()
    }
}

struct ByName<'c>(&'c [FieldChange]);

impl Serialize for ByName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(Some(self.0.len()))?;
        for FieldChange { field, old, new } in self.0 {
            fields.serialize_entry(field, &Sides { old, new })?;
        }
        fields.end()
    }
}

#[derive(Serialize)]
struct Sides<'c> {
    old: &'c Option<FieldValue>,
    new: &'c Option<FieldValue>,
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0, |group, &byte| group << 8 | usize::from(byte));
        let group = group << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let letter = ALPHABET[group >> (18 - 6 * digit) & 0x3f];
            text.push(if digit > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in cases {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }
}
