use super::rolling::WINDOW;

/// How long chunks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    shortest: usize,
    average: usize,
    longest: usize,
}

/// Lengths that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "chunks of {shortest} to {longest} bytes, {average} on average: \
     more than 64 and at most 1 GiB, rising, and a power of two as the average are needed"
)]
pub struct SizesError {
    shortest: usize,
    average: usize,
    longest: usize,
}

impl Sizes {
    /// Lengths of chunks; only the last of a file may be shorter than the shortest.
    ///
    /// # Errors
    ///
    /// When they do not rise, are not above 64 bytes and up to 1 GiB, or the average is no power of two.
    pub const fn new(shortest: usize, average: usize, longest: usize) -> Result<Self, SizesError> {
        let rising = WINDOW < shortest && shortest <= average && average <= longest;
        if rising && longest <= 1 << 30 && average.is_power_of_two() {
            Ok(Self { shortest, average, longest })
        } else {
            Err(SizesError { shortest, average, longest })
        }
    }

    /// The length of the shortest chunk that content cuts.
    #[must_use]
    pub const fn shortest(&self) -> usize {
        self.shortest
    }

    /// The length that chunks have about, beyond the shortest.
    #[must_use]
    pub const fn average(&self) -> usize {
        self.average
    }

    /// The length that no chunk exceeds.
    #[must_use]
    pub const fn longest(&self) -> usize {
        self.longest
    }
}

impl Default for Sizes {
    /// Restic's: 512 KiB, 1 MiB and 8 MiB.
    fn default() -> Self {
        Self { shortest: 512 << 10, average: 1 << 20, longest: 8 << 20 }
    }
}
