use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use proptest::prelude::*;
use wardkit_backup::chunker::{
    Chunker, End, Fixed, KeyedFastCdc, Polynomial, Rabin, Sizes, SizesError,
};
use wardkit_backup::format::Id;

/// What restic 0.14 made of [`content`] in a repository with [`POLYNOMIAL`]: the first digits of each blob's id.
const RESTIC: &str = include_str!("chunker/restic.txt");

const POLYNOMIAL: &str = "2fc4d2cbf817c1";

#[test]
fn rabin_cuts_where_restic_does() {
    let content = content();
    let chunks = cut(&mut Rabin::new(polynomial()), &content, 1 << 20);
    let ids: Vec<String> = chunks.iter().map(|chunk| Id::of(chunk).to_short()).collect();
    let golden: Vec<&str> = RESTIC.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(ids, golden);
    assert!(chunks.iter().any(|chunk| chunk.len() == Sizes::default().longest()));
}

#[test]
fn an_insertion_changes_few_chunks() {
    let sizes = sizes(128, 256, 2_048);
    let content = random(9, 100_000);
    for chunker in chunkers(sizes).iter_mut().take(2) {
        let before: BTreeSet<Vec<u8>> =
            cut(&mut **chunker, &content, usize::MAX).into_iter().collect();
        for at in (0..content.len()).step_by(1_873) {
            let changed = [&content[..at], b"inserted", &content[at..]].concat();
            let after = cut(&mut **chunker, &changed, usize::MAX);
            let new = after.iter().filter(|chunk| !before.contains(*chunk)).count();
            assert!((1..=12).contains(&new), "{new} of {} chunks after one at {at}", after.len());
        }
    }
}

#[test]
fn chunks_are_about_as_long_as_they_are_to_be() {
    let content = random(1, 2 << 20);
    let sizes = sizes(4 << 10, 8 << 10, 64 << 10);
    for (chunker, expected) in chunkers(sizes).iter_mut().zip([10_600, 12_200]) {
        let average = content.len() / cut(&mut **chunker, &content, usize::MAX).len();
        assert!(average.abs_diff(expected) < expected / 10, "{average}, not {expected}");
    }
}

#[test]
fn another_secret_cuts_elsewhere() {
    let content = random(2, 60_000);
    let cuts = |secret: u8| {
        let chunks =
            cut(&mut KeyedFastCdc::new(&[secret; 32], sizes(128, 256, 2_048)), &content, 999);
        let ends = chunks.iter().scan(0, |end, chunk| {
            *end += chunk.len();
            Some(*end)
        });
        ends.collect::<BTreeSet<usize>>()
    };
    let (one, other) = (cuts(1), cuts(2));
    assert_eq!(one, cuts(1));
    // Some meet by chance; the end of the file always does.
    assert!(one.intersection(&other).count() < one.len() / 20, "{one:?} {other:?}");
}

/// Pages of a database: full at their ends, and nothing between.
#[test]
fn chunks_end_where_zeros_are_whatever_the_secret() {
    let mut content = random(4, 200_000);
    for page in content.chunks_mut(1_000) {
        page[100..200].fill(0);
    }
    for secret in [1, 2] {
        let mut chunker = KeyedFastCdc::new(&[secret; 32], sizes(4 << 10, 8 << 10, 64 << 10));
        let chunks = cut(&mut chunker, &content, usize::MAX);
        assert!(chunks.iter().all(|chunk| chunk.len() < 5_300), "{secret}: {}", chunks.len());
    }
}

#[test]
fn what_was_not_read_to_its_end_is_forgotten() {
    let content = random(3, 50_000);
    for chunker in &mut chunkers(sizes(128, 1_024, 8_192)) {
        let expected = cut(&mut **chunker, &content, usize::MAX);
        assert_eq!(chunker.next_cut(&content[7..107], End::Open), None);
        chunker.restart();
        assert_eq!(cut(&mut **chunker, &content, usize::MAX), expected);
        assert_eq!(chunker.next_cut(&[], End::Reached), None);
        assert_eq!(chunker.next_cut(&[], End::Open), None);
        assert_eq!(chunker.next_cut(&[1], End::Reached), Some(1));
    }
}

#[test]
fn sizes_rise_and_have_limits() {
    for (shortest, average, longest) in [
        (64, 128, 256),
        (300, 256, 512),
        (128, 512, 256),
        (128, 300, 600),
        (128, 256, (1 << 30) + 1),
    ] {
        let refused = Sizes::new(shortest, average, longest);
        assert!(matches!(refused, Err(SizesError { .. })), "{refused:?}");
    }
    assert_eq!(Sizes::new(512 << 10, 1 << 20, 8 << 20), Ok(Sizes::default()));
}

#[test]
fn chunkers_do_not_show_their_secret() {
    let fast = format!("{:?}", KeyedFastCdc::new(&[1; 32], Sizes::default()));
    let rabin = format!("{:?}", Rabin::new(polynomial()));
    let sizes = "{ sizes: Sizes { shortest: 524288, average: 1048576, longest: 8388608 }, .. }";
    assert_eq!(fast, format!("KeyedFastCdc {sizes}"));
    assert_eq!(rabin, format!("Rabin {sizes}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn chunks_are_the_content_however_it_is_read(
        seed in any::<u64>(),
        length in 0..120_000_usize,
        values in 1..=255_u8,
        step in 1..40_000_usize,
        shortest in 65..3_000_usize,
        average in 12..16_u32,
    ) {
        let sizes = sizes(shortest, 1 << average, 50_000 + shortest);
        let content: Vec<u8> = random(seed, length)
            .into_iter()
            .map(|byte| byte % values)
            .collect();
        for chunker in &mut chunkers(sizes) {
            let chunks = cut(&mut **chunker, &content, usize::MAX);
            prop_assert!(chunks.concat() == content);
            prop_assert!(chunks.iter().all(|chunk| (1..=chunker.longest()).contains(&chunk.len())));
            let whole = chunks.len().saturating_sub(1);
            prop_assert!(chunks[..whole].iter().all(|chunk| chunk.len() >= shortest));
            prop_assert!(cut(&mut **chunker, &content, step) == chunks);
        }
    }

    #[test]
    fn rabin_cuts_as_restics_description_says(
        seed in any::<u64>(),
        length in 0..150_000_usize,
        shortest in 65..9_000_usize,
        average in 8..16_u32,
    ) {
        let sizes = sizes(shortest.min(1 << average), 1 << average, 1 << 16);
        let polynomial = Polynomial::from_seed(&[seed.to_le_bytes()[0]; 32]);
        let content = random(seed, length);
        let chunks = cut(&mut Rabin::with_sizes(polynomial, sizes), &content, usize::MAX);
        let lengths: Vec<usize> = chunks.iter().map(Vec::len).collect();
        prop_assert_eq!(lengths, restics_lengths(polynomial, sizes, &content));
    }
}

/// Restic's chunker byte by byte: a window that begins as a one and zeros, and a fingerprint that follows it.
fn restics_lengths(polynomial: Polynomial, sizes: Sizes, content: &[u8]) -> Vec<usize> {
    let reduce = |mut value: u64| {
        while value >> 53 != 0 {
            value ^= polynomial.bits() << (value.ilog2() - 53);
        }
        value
    };
    let leaving: Vec<u64> =
        (0..256).map(|byte| (0..63).fold(reduce(byte), |sum, _| reduce(sum << 8))).collect();
    let mut lengths = Vec::new();
    let mut rest = content;
    while !rest.is_empty() {
        let mut window = [0; 64];
        window[0] = 1;
        let mut fingerprint = 1;
        let begin = sizes.shortest() - 64;
        let mut cut = rest.len();
        for (place, byte) in rest.iter().enumerate().skip(begin) {
            let oldest = std::mem::replace(&mut window[(place - begin + 1) % 64], *byte);
            fingerprint ^= leaving[usize::from(oldest)];
            fingerprint = reduce(fingerprint << 8 | u64::from(*byte));
            let length = place + 1;
            let matches = fingerprint & (sizes.average() as u64 - 1) == 0;
            if length >= sizes.shortest() && (matches || length >= sizes.longest()) {
                cut = length;
                break;
            }
        }
        lengths.push(cut);
        rest = &rest[cut..];
    }
    lengths
}

fn chunkers(sizes: Sizes) -> [Box<dyn Chunker>; 3] {
    let fixed = NonZeroUsize::new(sizes.longest()).expect("it is longer than the shortest");
    [
        Box::new(KeyedFastCdc::new(&[7; 32], sizes)),
        Box::new(Rabin::with_sizes(polynomial(), sizes)),
        Box::new(Fixed::new(fixed)),
    ]
}

/// Reads `step` bytes at a time, as a program does that keeps what was not cut yet.
fn cut(chunker: &mut dyn Chunker, content: &[u8], step: usize) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    let (mut start, mut read) = (0, 0_usize);
    loop {
        read = content.len().min(read.saturating_add(step));
        let end = if read == content.len() { End::Reached } else { End::Open };
        while let Some(length) = chunker.next_cut(&content[start..read], end) {
            chunks.push(content[start..start + length].to_vec());
            start += length;
        }
        if end == End::Reached {
            assert_eq!(start, content.len(), "all is cut");
            return chunks;
        }
        assert!(read - start < chunker.longest(), "a cut is due");
    }
}

/// Random bytes, more of one byte than the longest chunk has, and the first bytes again.
fn content() -> Vec<u8> {
    let random = random(3, 6_000_000);
    [&random, &vec![1; 8_500_000][..], &random[..3_000_000]].concat()
}

fn random(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn polynomial() -> Polynomial {
    POLYNOMIAL.parse().expect("restic made it")
}

fn sizes(shortest: usize, average: usize, longest: usize) -> Sizes {
    Sizes::new(shortest, average.max(shortest.next_power_of_two()), longest).expect("they rise")
}
