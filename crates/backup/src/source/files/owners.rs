//! The names of users and groups.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// The names of users and groups, as the files of the system have them: services of names, which may wait for a
/// network, are not asked.
#[derive(Debug, Default)]
pub(super) struct Owners {
    users: HashMap<u32, Arc<str>>,
    groups: HashMap<u32, Arc<str>>,
}

impl Owners {
    /// Reads the files. Where there are none, nobody has a name.
    pub(super) fn of_system() -> Self {
        let names = |path: &str| {
            std::fs::read(Path::new(path)).map(|text| names(&text)).unwrap_or_default()
        };
        Self { users: names("/etc/passwd"), groups: names("/etc/group") }
    }

    pub(super) fn user(&self, number: u32) -> Option<Arc<str>> {
        self.users.get(&number).cloned()
    }

    pub(super) fn group(&self, number: u32) -> Option<Arc<str>> {
        self.groups.get(&number).cloned()
    }
}

/// Both files have the name first and the number third. Of several names the first counts.
fn names(text: &[u8]) -> HashMap<u32, Arc<str>> {
    let mut names = HashMap::new();
    for line in text.split(|&byte| byte == b'\n').filter_map(|line| str::from_utf8(line).ok()) {
        let mut fields = line.split(':');
        if let (Some(name), Some(Ok(number))) = (fields.next(), fields.nth(1).map(str::parse))
            && !name.is_empty()
        {
            names.entry(number).or_insert_with(|| name.into());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_a_number_counts() {
        let text = b"root:x:0:0::/:/bin/sh\ntoor:x:0:0\n\xff:x:2:\nann:x:1000:\nbad:x:-1:\n+::::\n:x:5:\nnone";
        let found = names(text);
        assert_eq!(found.len(), 2);
        assert_eq!((&*found[&0], &*found[&1000]), ("root", "ann"));
    }
}
