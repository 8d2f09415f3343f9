//! A text as a decoder reads it, which remembers where each of its bytes came from.

use std::ops::Range;

use crate::detect::Layer;

/// A text that was decoded from another.
pub(in crate::detect) struct Reading {
    pub(in crate::detect) text: String,
    pub(in crate::detect) layer: Layer,
    /// The reading that it was decoded from, or the text itself.
    pub(super) parent: Option<usize>,
    pieces: Vec<Piece>,
}

/// A part of a reading, from `out` to where the next one begins.
struct Piece {
    out: usize,
    /// What of the source it stands for.
    from: usize,
    to: usize,
    /// It was taken over byte for byte.
    is_copy: bool,
}

impl Reading {
    /// Returns what of the source a place of the reading stands for.
    pub(super) fn origin(&self, span: Range<usize>) -> Range<usize> {
        let start = self.at(span.start, |piece, offset| {
            if piece.is_copy { (piece.from + offset).min(piece.to) } else { piece.from }
        });
        let last = span.end.saturating_sub(1).max(span.start);
        let end = self.at(last, |piece, offset| {
            if piece.is_copy { (piece.from + offset + 1).min(piece.to) } else { piece.to }
        });
        start..end.max(start)
    }

    fn at(&self, place: usize, position: impl Fn(&Piece, usize) -> usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.out <= place);
        let Some(piece) = after.checked_sub(1).and_then(|index| self.pieces.get(index)) else {
            return 0;
        };
        position(piece, place - piece.out)
    }
}

/// A reading in the making. Nothing is copied, nor memory taken, before the first change.
pub(super) struct Draft<'s> {
    source: &'s str,
    text: String,
    pieces: Vec<Piece>,
    /// Up to here the source is taken over or replaced.
    done: usize,
}

impl<'s> Draft<'s> {
    pub(super) const fn new(source: &'s str) -> Self {
        Self { source, text: String::new(), pieces: Vec::new(), done: 0 }
    }

    /// Puts text in the place of a part of the source, which ends at or after all that were replaced before.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &str) {
        self.copy_to(range.start);
        let out = self.text.len();
        if !with.is_empty() {
            self.pieces.push(Piece { out, from: range.start, to: range.end, is_copy: false });
            self.text.push_str(with);
        }
        self.done = range.end;
    }

    /// The same with one character.
    pub(super) fn replace_char(&mut self, range: Range<usize>, with: char) {
        self.replace(range, with.encode_utf8(&mut [0; 4]));
    }

    /// Returns the reading, or none when nothing was replaced.
    pub(super) fn finish(mut self, layer: Layer, parent: Option<usize>) -> Option<Reading> {
        if self.done == 0 {
            return None;
        }
        self.copy_to(self.source.len());
        Some(Reading { text: self.text, layer, parent, pieces: self.pieces })
    }

    fn copy_to(&mut self, end: usize) {
        if self.text.capacity() == 0 {
            self.text.reserve(self.source.len());
        }
        if self.done < end {
            let out = self.text.len();
            self.pieces.push(Piece { out, from: self.done, to: end, is_copy: true });
            self.text.push_str(&self.source[self.done..end]);
            self.done = end;
        }
    }
}
