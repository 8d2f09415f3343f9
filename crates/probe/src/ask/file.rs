//! Looks at a file's age and size.

use std::fs;
use std::time::Duration;

use wardkit_core::Timestamp;

use super::Place;
use crate::{FileTarget, Outcome};

pub(super) async fn ask(target: &FileTarget, now: Timestamp, place: &Place) -> Outcome {
    let target = target.clone();
    match place.block(move || look(&target, now)).await {
        Ok(()) => Outcome::Passed,
        Err(reason) => Outcome::failed(reason),
    }
}

fn look(target: &FileTarget, now: Timestamp) -> Result<(), String> {
    let path = target.path.display();
    let found = fs::metadata(&target.path).map_err(|error| format!("{path}: {error}"))?;
    if !found.is_file() {
        return Err(format!("{path} is no file"));
    }
    let size = found.len();
    if let Some(min) = target.min_size.filter(|min| size < *min) {
        return Err(format!("{path} has {size} bytes, fewer than {min}"));
    }
    if let Some(max) = target.max_size.filter(|max| size > *max) {
        return Err(format!("{path} has {size} bytes, more than {max}"));
    }
    let Some(max_age) = target.max_age else { return Ok(()) };
    let written = found.modified().map_err(|error| format!("{path}: {error}"))?;
    let written = Timestamp::from(written);
    let age = now.duration_since(written).unwrap_or_default();
    if age > max_age {
        let age = Duration::from_secs(age.as_secs());
        return Err(format!("{path} was written {age:?} ago, longer than {max_age:?}"));
    }
    // Clocks of two machines differ a little. Much further ahead the time says nothing of the file's age, and would
    // not for as long as it lies ahead.
    if written.duration_since(now).is_some_and(|ahead| ahead > max_age) {
        return Err(format!("{path} was written at {written}, which has not come yet"));
    }
    Ok(())
}
