//! As much of the protobuf encoding as the messages of a push need.
//!
//! A dependency would bring a code generator for what is four kinds of fields, and would copy every text once more.

/// A message that is being written.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// Writes a message in this one.
    pub(super) fn nested(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        self.tag(field, DELIMITED);
        let start = self.0.len();
        write(self);
        // The length stands before what has just been written and is as short as it can be, so that what is written
        // moves by one byte or a few.
        let length = self.0.len() - start;
        let mut prefix = Self::default();
        prefix.varint(length as u64);
        self.0.extend_from_slice(&prefix.0);
        self.0[start..].rotate_right(prefix.0.len());
    }

    /// Writes a text that may as well be left out when it is empty.
    pub(super) fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    pub(super) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, DELIMITED);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, field: u32, number: u64) {
        self.tag(field, VARINT);
        self.varint(number);
    }

    pub(super) fn fixed(&mut self, field: u32, number: u64) {
        self.tag(field, FIXED);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn double(&mut self, field: u32, number: f64) {
        self.fixed(field, number.to_bits());
    }

    /// Writes a list of numbers of eight bytes.
    pub(super) fn packed(&mut self, field: u32, numbers: impl ExactSizeIterator<Item = [u8; 8]>) {
        self.tag(field, DELIMITED);
        self.varint(numbers.len() as u64 * 8);
        self.0.extend(numbers.flatten());
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn tag(&mut self, field: u32, wire: u64) {
        self.varint(u64::from(field) << 3 | wire);
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }
}

/// Returns the unit of a metric's name as UCUM writes it.
pub(super) fn unit(name: &str) -> &'static str {
    let name = name.strip_suffix("_total").unwrap_or(name);
    match name.rsplit_once('_').map_or("", |(_, last)| last) {
        "seconds" => "s",
        "bytes" => "By",
        "ratio" => "1",
        "celsius" => "Cel",
        "volts" => "V",
        "amperes" => "A",
        "joules" => "J",
        "meters" => "m",
        "grams" => "g",
        _ => "",
    }
}

/// How a field's value is delimited.
const VARINT: u64 = 0;
const FIXED: u64 = 1;
const DELIMITED: u64 = 2;
