//! What is audited: a folder, or files and folders of one.

use std::path::{Path, PathBuf};

use wardkit_audit::{Audit, Report as Audited};
use wardkit_cli::{Report, escaped};

use super::{could_not_run, named};

/// What is audited.
pub(super) struct Target {
    /// The folder whose settings count, and from which places are told.
    pub(super) root: PathBuf,
    /// Of it only these; none stands for all.
    parts: Vec<String>,
}

impl Target {
    /// Finds what some paths name. A link among them counts as what it leads to.
    pub(super) fn of(paths: &[PathBuf], root: Option<&Path>) -> Result<Self, Report> {
        if let ([folder], None) = (paths, root)
            && folder.is_dir()
        {
            return Ok(Self { root: folder.clone(), parts: Vec::new() });
        }
        let places: Vec<PathBuf> =
            paths.iter().map(|path| place(path)).collect::<Result<_, _>>()?;
        let top = match root {
            Some(root) => root.canonicalize().map_err(|error| named(root, &error))?,
            None => shared(&places),
        };
        let parts = paths.iter().zip(&places).map(|(path, place)| below(&top, path, place));
        let parts: Vec<String> = parts.collect::<Result<_, _>>()?;
        if parts.iter().any(String::is_empty) {
            return Ok(Self { root: top, parts: Vec::new() });
        }
        Ok(Self { root: top, parts })
    }

    /// Audits it.
    pub(super) fn audited(&self, audit: &Audit<'_>) -> Result<Audited, Report> {
        let report = match self.parts.as_slice() {
            [] => audit.of_tree(&self.root),
            parts => audit.of_part(&self.root, parts),
        };
        report.map_err(could_not_run)
    }
}

/// Returns where a path is, without links.
fn place(path: &Path) -> Result<PathBuf, Report> {
    let place = path.canonicalize().map_err(|error| named(path, &error))?;
    if place.is_file() || place.is_dir() {
        return Ok(place);
    }
    let shown = escaped(&path.display().to_string());
    Err(could_not_run(format!("{shown}: neither a file nor a folder")))
}

/// Returns the nearest folder that holds all of some places.
fn shared(places: &[PathBuf]) -> PathBuf {
    let mut folders = places.iter().map(|place| {
        let folder = if place.is_dir() { Some(place.as_path()) } else { place.parent() };
        folder.unwrap_or(place)
    });
    let first = folders.next().unwrap_or(Path::new("/"));
    let nearest = folders.fold(first, |shared, folder| {
        let holds = |above: &&Path| folder.starts_with(above);
        shared.ancestors().find(holds).unwrap_or(Path::new("/"))
    });
    nearest.to_owned()
}

/// Returns the path of a place from a folder.
fn below(top: &Path, path: &Path, place: &Path) -> Result<String, Report> {
    let (shown, folder) =
        (escaped(&path.display().to_string()), escaped(&top.display().to_string()));
    let part = place
        .strip_prefix(top)
        .map_err(|_| could_not_run(format!("{shown}: not below {folder}")))?;
    let part = part.to_str().map(str::to_owned);
    part.ok_or_else(|| could_not_run(format!("{shown}: its name is no UTF-8")))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::shared;

    #[test]
    fn the_nearest_folder_that_holds_all_is_the_root() {
        let check = |places: &[&str], root: &str| {
            let places: Vec<PathBuf> = places.iter().map(PathBuf::from).collect();
            assert_eq!(shared(&places), Path::new(root), "{places:?}");
        };
        check(&["/no/bot/a.py"], "/no/bot");
        check(&["/no/bot/a.py", "/no/bot/b/c.py"], "/no/bot");
        check(&["/no/bot/x/a.py", "/no/bot/xy/c.py"], "/no/bot");
        check(&["/no/a.py", "/yes/b.py"], "/");
    }
}
