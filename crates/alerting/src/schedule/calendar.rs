//! A schedule as a calendar that other programs read (RFC 5545).

use wardkit_core::Timestamp;

use super::{Schedule, Shift, to_jiff};

impl Schedule {
    /// Returns the shifts that begin or last within a time as a calendar in the format of RFC 5545. A shift is whole
    /// there, and named by who, when and which schedule: a program that reads the calendar again knows it again.
    ///
    /// `name` is the schedule's, `now` the time at which the calendar is made.
    #[must_use]
    pub fn calendar(
        &self,
        name: &str,
        from: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> String {
        let mut lines = Lines(String::new());
        lines.push("BEGIN:VCALENDAR");
        lines.push("VERSION:2.0");
        lines.push("PRODID:-//wardkit//on call//EN");
        lines.push("CALSCALE:GREGORIAN");
        lines.text("X-WR-CALNAME", &format!("On call: {name}"));
        let shifts = self.shifts(self.began(from), until).into_iter();
        for shift in shifts.filter(|shift| shift.until > from) {
            let Some(person) = &shift.person else { continue };
            // The last one is cut off where the calendar ends: its own end is later.
            let end = if shift.until == until { self.shift(shift.from).until } else { shift.until };
            lines.push("BEGIN:VEVENT");
            lines.push(&format!("UID:{}", uid(name, person, &shift)));
            lines.push(&format!("DTSTAMP:{}", utc(now)));
            lines.push(&format!("DTSTART:{}", utc(shift.from)));
            lines.push(&format!("DTEND:{}", utc(end)));
            lines.text("SUMMARY", &format!("{person} is on call ({name})"));
            // Who is on call can have other dates.
            lines.push("TRANSP:TRANSPARENT");
            lines.push("END:VEVENT");
        }
        lines.push("END:VCALENDAR");
        lines.0
    }
}

fn uid(name: &str, person: &str, shift: &Shift) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [name, person] {
        hasher.update(&part.len().to_le_bytes()).update(part.as_bytes());
    }
    hasher.update(&shift.from.as_unix_nanos().to_le_bytes());
    let hex = hasher.finalize().to_hex();
    format!("{}@on-call.wardkit", &hex[..32])
}

fn utc(at: Timestamp) -> String {
    to_jiff(at).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Lines as the format wants them: ended by CR and LF, none longer than 75 octets.
struct Lines(String);

impl Lines {
    /// Adds a property whose value is a text: what would end or part it is escaped, what is no text is left out.
    fn text(&mut self, name: &str, value: &str) {
        let mut line = format!("{name}:");
        for c in value.chars() {
            match c {
                '\\' | ';' | ',' => line.extend(['\\', c]),
                '\n' => line.push_str("\\n"),
                c if c.is_control() => {}
                c => line.push(c),
            }
        }
        self.push(&line);
    }

    fn push(&mut self, line: &str) {
        let mut octets = 0;
        for c in line.chars() {
            if octets + c.len_utf8() > LONGEST {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            octets += c.len_utf8();
            self.0.push(c);
        }
        self.0.push_str("\r\n");
    }
}

/// RFC 5545, section 3.1, without what ends the line.
const LONGEST: usize = 75;
