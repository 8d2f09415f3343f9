//! The corpus: series of rows, and the windows in which something was wrong.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use wardkit_core::Timestamp;

/// A series and its labels.
pub(crate) struct Series {
    /// Seconds since 1970, and the value.
    pub(crate) rows: Vec<(i64, f64)>,
    /// The first row and the last one of each window.
    pub(crate) windows: Vec<(usize, usize)>,
}

/// Reads the corpus in the order of its names.
pub(crate) fn read(folder: &Path) -> Result<Vec<Series>, Box<dyn Error>> {
    let labels = fs::read_to_string(folder.join("labels/combined_windows.json"))?;
    let labels: BTreeMap<String, Vec<(String, String)>> = serde_json::from_str(&labels)?;
    labels.iter().map(|(name, windows)| series(&folder.join("data").join(name), windows)).collect()
}

fn series(file: &Path, windows: &[(String, String)]) -> Result<Series, Box<dyn Error>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut rows = Vec::new();
    for line in text.lines().skip(1) {
        let (time, value) = line.split_once(',').ok_or("a row needs a time and a value")?;
        rows.push((seconds(time)?, value.trim().parse()?));
    }
    let place = |time: &str| -> Result<usize, Box<dyn Error>> {
        let seconds = seconds(time)?;
        Ok(rows
            .iter()
            .position(|row| row.0 == seconds)
            .ok_or("a window begins or ends at no row")?)
    };
    let windows = windows.iter().map(|(first, last)| Ok((place(first)?, place(last)?)));
    let windows = windows.collect::<Result<_, Box<dyn Error>>>()?;
    Ok(Series { rows, windows })
}

fn seconds(time: &str) -> Result<i64, Box<dyn Error>> {
    Ok(format!("{}Z", time.trim()).parse::<Timestamp>()?.as_unix_seconds())
}
