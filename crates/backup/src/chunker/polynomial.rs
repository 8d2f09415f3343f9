use std::fmt;
use std::str::FromStr;

/// An irreducible polynomial of degree 53 over the field of two elements: what decides where [`Rabin`](super::Rabin)
/// cuts. It is a secret of its repository, and `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Polynomial(u64);

/// A number that is no polynomial to cut with. The number is not told: it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolynomialError {
    /// The text is no hexadecimal number of 64 bits.
    #[error("the chunker's polynomial is not a hexadecimal number of 64 bits")]
    NotHexadecimal,
    /// The highest bit is not bit 53, the one degree that restic makes.
    #[error("the chunker's polynomial is not of degree 53")]
    OtherDegree,
    /// It is a product of others.
    #[error("the chunker's polynomial is not irreducible")]
    Reducible,
}

impl Polynomial {
    /// The degree of all polynomials that restic makes.
    pub const DEGREE: u32 = 53;

    /// The polynomial with these bits as coefficients.
    ///
    /// # Errors
    ///
    /// When it is of another degree or reducible.
    pub const fn new(bits: u64) -> Result<Self, PolynomialError> {
        let polynomial = Self(bits);
        if bits == 0 || bits.ilog2() != Self::DEGREE {
            Err(PolynomialError::OtherDegree)
        } else if !polynomial.is_irreducible() {
            Err(PolynomialError::Reducible)
        } else {
            Ok(polynomial)
        }
    }

    /// The polynomial that follows from a random seed; as hard to guess as the seed, up to its own 52 bits.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let mut numbers = blake3::Hasher::new_derive_key(CONTEXT).update(seed).finalize_xof();
        // One in 27 is irreducible.
        loop {
            let mut number = [0; 8];
            numbers.fill(&mut number);
            let bits = u64::from_le_bytes(number) & (HIGHEST - 1) | HIGHEST | 1;
            if let Ok(polynomial) = Self::new(bits) {
                return polynomial;
            }
        }
    }

    /// Its coefficients.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Its coefficients as the configuration of a repository holds them.
    #[must_use]
    pub fn to_hex(self) -> String {
        format!("{:x}", self.0)
    }

    /// The remainder of a polynomial of any degree.
    pub(super) const fn reduce(self, mut value: u64) -> u64 {
        while value >= HIGHEST {
            value ^= self.0 << (value.ilog2() - Self::DEGREE);
        }
        value
    }

    /// Whether `x^(2^53)` leaves `x`, and neither element of the field is a root. As 53 is prime, there is no other
    /// degree that the factors of a product could share.
    const fn is_irreducible(self) -> bool {
        let mut power = X;
        let mut squared = 0;
        while squared < Self::DEGREE {
            power = self.square(power);
            squared += 1;
        }
        let has_root = self.0 & 1 == 0 || self.0.count_ones().is_multiple_of(2);
        power == X && !has_root
    }

    const fn square(self, value: u64) -> u64 {
        let mut sum = 0;
        let mut shifted = value;
        let mut bits = value;
        while bits != 0 {
            if bits & 1 == 1 {
                sum ^= shifted;
            }
            shifted = self.reduce(shifted << 1);
            bits >>= 1;
        }
        sum
    }
}

impl FromStr for Polynomial {
    type Err = PolynomialError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(PolynomialError::NotHexadecimal);
        }
        let bits = u64::from_str_radix(text, 16).map_err(|_| PolynomialError::NotHexadecimal)?;
        Self::new(bits)
    }
}

impl fmt::Debug for Polynomial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Polynomial")
    }
}

/// The bit of the degree.
const HIGHEST: u64 = 1 << Polynomial::DEGREE;

/// The polynomial `x`.
const X: u64 = 2;

/// Of all that may follow from the same seed, only polynomials do from this text.
const CONTEXT: &str = "wardkit-backup 2026-11-22 polynomial of the chunker";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_irreducible_polynomials_of_degree_53_are_taken() {
        let check = |text: &str, expected: Result<(), PolynomialError>| {
            assert_eq!(text.parse::<Polynomial>().map(|_| ()), expected, "{text}");
        };
        // What restic's own chunker is tested with.
        check("3da3358b4dc173", Ok(()));
        check("3DA3358B4DC173", Ok(()));
        check("3da3358b4dc172", Err(PolynomialError::Reducible));
        check("3da3358b4dc175", Err(PolynomialError::Reducible));
        check("20000000000001", Err(PolynomialError::Reducible));
        check("1da3358b4dc173", Err(PolynomialError::OtherDegree));
        check("7da3358b4dc173", Err(PolynomialError::OtherDegree));
        check("0", Err(PolynomialError::OtherDegree));
        check("10000000000000000", Err(PolynomialError::NotHexadecimal));
        for text in ["", "+3da3358b4dc173", "0x3da3358b4dc173", "3da3358b4dc17g"] {
            check(text, Err(PolynomialError::NotHexadecimal));
        }
    }

    #[test]
    fn no_product_of_two_polynomials_is_taken() {
        for (one, other) in [(0b111, 52 - 1), (0b1011, 50), (0b10_0101, 48), (0x1_002d, 37)] {
            for tail in (1..2_000_u64).step_by(2) {
                let product = product(one, 1 << other | tail);
                assert_eq!(Polynomial::new(product), Err(PolynomialError::Reducible), "{product}");
            }
        }
    }

    #[test]
    fn a_seed_makes_one_polynomial_and_another_seed_another() {
        let made: Vec<Polynomial> =
            (0..20).map(|seed| Polynomial::from_seed(&[seed; 32])).collect();
        assert_eq!(made[7], Polynomial::from_seed(&[7; 32]));
        assert!((1..20).all(|at| !made[..at].contains(&made[at])));
        assert!(made.iter().all(|made| made.to_hex().parse() == Ok(*made)));
        assert_eq!(format!("{:?}", made[0]), "Polynomial");
    }

    fn product(one: u64, other: u64) -> u64 {
        (0..64).filter(|bit| one >> bit & 1 == 1).fold(0, |sum, bit| sum ^ other << bit)
    }
}
