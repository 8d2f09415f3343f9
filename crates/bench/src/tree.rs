//! A tree of files like a server's, the same each time.

use std::fs;
use std::io;
use std::path::Path;

/// Makes 200 000 files in 2 200 directories, about 900 MB: sizes follow a log-normal distribution with a median of
/// 1.4 KB and a mean of 4.5 KB.
///
/// # Errors
///
/// When the directory exists, or the file system refuses.
pub fn make(root: &Path) -> io::Result<()> {
    fs::create_dir(root)?;
    let mut random = Random(0x5eed);
    let mut content = Vec::new();
    for directory in 0..DIRECTORIES {
        let path = root.join(format!("{:02}/{directory:04}", directory % TOP));
        fs::create_dir_all(&path)?;
        let files = FILES / DIRECTORIES + usize::from(directory < FILES % DIRECTORIES);
        for file in 0..files {
            content.clear();
            for _ in 0..random.size().div_ceil(8) {
                content.extend_from_slice(&random.next().to_le_bytes());
            }
            fs::write(path.join(format!("file-{file:03}.dat")), &content)?;
        }
    }
    Ok(())
}

/// Splitmix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Between zero and one.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "capped, and never negative"
    )]
    fn size(&mut self) -> usize {
        // Box-Muller; the first fraction must not be zero.
        let (radius, angle) = (1.0 - self.fraction(), self.fraction());
        let normal = (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos();
        (MEDIAN * (SIGMA * normal).exp()).min(LARGEST) as usize
    }
}

const FILES: usize = 200_000;
const DIRECTORIES: usize = 2_200;
const TOP: usize = 22;
const MEDIAN: f64 = 1_459.0;
const SIGMA: f64 = 1.5;
const LARGEST: f64 = 16e6;
