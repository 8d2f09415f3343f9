//! The name that somebody may have meant.

/// Longer names are no slips of the finger.
const LONGEST: usize = 32;

/// Returns the name nearest to what was typed, when it is near: one slip in a short name, two in a longer one.
pub(super) fn nearest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let typed: Vec<char> = typed.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    if typed.is_empty() || typed.len() > LONGEST {
        return None;
    }
    let allowed = if typed.len() < 4 { 1 } else { 2 };
    names
        .map(|name| (distance(&typed, name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Counts the letters to add, drop, change or swap with their neighbour.
fn distance(typed: &[char], name: &str) -> usize {
    let name: Vec<char> = name.chars().take(LONGEST + 1).collect();
    let width = name.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    for row in 1..=typed.len() {
        let mut line = vec![row; width];
        for column in 1..width {
            let changed = usize::from(typed[row - 1] != name[column - 1]);
            line[column] =
                (above[column] + 1).min(line[column - 1] + 1).min(above[column - 1] + changed);
            if row > 1
                && column > 1
                && typed[row - 1] == name[column - 2]
                && typed[row - 2] == name[column - 1]
            {
                line[column] = line[column].min(before[column - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, line);
    }
    above[width - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_find_their_name() {
        for (typed, meant) in [
            ("remnid", Some("remind")),
            ("remin", Some("remind")),
            ("REMIND", Some("remind")),
            ("hlep", Some("help")),
            ("hi", None),
            ("", None),
            ("shutdown", None),
        ] {
            assert_eq!(nearest(typed, ["remind", "help"].into_iter()), meant, "{typed}");
        }
        assert_eq!(nearest(&"x".repeat(100_000), ["remind"].into_iter()), None);
    }
}
