//! A tree of any bytes: refused, or read as it is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_backup::format::Tree;

fuzz_target!(|json: &[u8]| {
    if let Ok(tree) = Tree::from_json(json) {
        // An entry has at least a name and a kind.
        assert!(tree.nodes.len() * 20 <= json.len());
        assert!(tree.nodes.iter().all(|node| !node.name.is_empty() && !node.name.contains(&b'/')));
        assert_eq!(Tree::from_json(&tree.to_json()).as_ref(), Ok(&tree));
    }
});
