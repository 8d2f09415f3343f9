//! Small charts of letters, for terminals.

/// Draws values as one line of at most eighty letters. What is no number leaves a blank.
pub(super) fn sparkline(values: &[f64]) -> String {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let each = values.len().div_ceil(WIDTH).max(1);
    let letter = |piece: &[f64]| {
        let numbers = piece.iter().copied().filter(|value| value.is_finite());
        // The largest of those that share a letter: a peak must not vanish.
        let most = numbers.fold(f64::NEG_INFINITY, f64::max);
        if !most.is_finite() {
            return ' ';
        }
        let share = if high > low { (most - low) / (high - low) } else { 0.0 };
        STEPS[steps(share, STEPS.len() - 1)]
    };
    values.chunks(each).map(letter).collect()
}

/// Draws a share as a bar; twenty letters are all of it.
pub(super) fn bar(share: f64) -> String {
    "█".repeat(steps(share, 20))
}

/// Returns how many of `most` steps a share is, from none to all.
fn steps(share: f64, most: usize) -> usize {
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    (0..most).filter(|step| share * f64::from(most) >= f64::from(*step) + 0.5).count()
}

const WIDTH: usize = 80;
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_drawn_between_the_least_and_the_most() {
        assert_eq!(sparkline(&[0.0, 1.0, 2.0, 7.0]), "▁▂▃█");
        assert_eq!(sparkline(&[3.0, 3.0]), "▁▁");
        assert_eq!(sparkline(&[f64::NAN, 1.0, f64::INFINITY, 2.0]), " ▁ █");
        assert_eq!(sparkline(&[]), "");
        let mut long = vec![0.0; 1000];
        long[500] = 1.0;
        let drawn = sparkline(&long);
        assert!(drawn.chars().count() <= 80 && drawn.contains('█'), "{drawn}");
    }

    #[test]
    fn bars_are_as_long_as_their_share() {
        for (share, letters) in [(0.0, 0), (0.5, 10), (1.0, 20), (7.0, 20), (f64::NAN, 0)] {
            assert_eq!(bar(share).chars().count(), letters, "{share}");
        }
    }
}
