//! Where files are cut into blobs.
//!
//! A cut that follows from the content stays where it is when bytes before it come or go, so that only what changed is
//! stored again. [`KeyedFastCdc`] is the fast one, with a table of random numbers that only the repository's owner
//! knows; [`Rabin`] cuts where restic cuts, for repositories that restic wrote into; [`Fixed`] cuts by length.
//!
//! ```
//! use wardkit_backup::chunker::{Chunker, End, KeyedFastCdc, Sizes};
//!
//! let content = vec![7; 3_000_000];
//! let mut chunker = KeyedFastCdc::new(&[1; 32], Sizes::default());
//! let mut ahead = &content[..];
//! let mut chunks = Vec::new();
//! while let Some(length) = chunker.next_cut(ahead, End::Reached) {
//!     let (chunk, rest) = ahead.split_at(length);
//!     chunks.push(chunk);
//!     ahead = rest;
//! }
//! assert_eq!(chunks.concat(), content);
//! ```

mod fastcdc;
mod fixed;
mod polynomial;
mod rabin;
mod rolling;
mod sizes;

pub use fastcdc::KeyedFastCdc;
pub use fixed::Fixed;
pub use polynomial::{Polynomial, PolynomialError};
pub use rabin::Rabin;
pub use sizes::{Sizes, SizesError};

/// Cuts one file after the other. The thread that reads a file calls it, whenever it has read more.
pub trait Chunker: Send {
    /// The length of the next chunk, once it is known. `ahead` is all that was read since the last cut: when nothing is
    /// returned, the same bytes come again with more behind them, and are not looked at twice. It never has to be longer
    /// than [`longest`](Self::longest).
    ///
    /// At the end of the file what is left is a chunk; without anything left, there is none.
    fn next_cut(&mut self, ahead: &[u8], end: End) -> Option<usize>;

    /// Forgets the file, as after one that could not be read to its end. After the last chunk of a file nothing has to
    /// be forgotten.
    fn restart(&mut self);

    /// The length that no chunk exceeds.
    fn longest(&self) -> usize;
}

/// Whether the file ends where the bytes that were read end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// More bytes may follow.
    Open,
    /// The file ends here.
    Reached,
}
