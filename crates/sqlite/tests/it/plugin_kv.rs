//! The keys and values of plugins.

use proptest::prelude::*;
use wardkit_plugin::{KvStore, MemoryKv};
use wardkit_sqlite::PluginKv;

#[test]
fn what_was_set_survives_and_is_each_plugins_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.db");
    let kv = PluginKv::open(&path).unwrap();
    assert!(kv.set("one", "a", Some("1"), 100).unwrap());
    assert!(kv.set("two", "a", Some("2"), 100).unwrap());
    drop(kv);
    let kv = PluginKv::open(&path).unwrap();
    kv.clear("two").unwrap();
    assert_eq!(kv.get("one", "a").unwrap().as_deref(), Some("1"));
    assert_eq!(kv.get("two", "a").unwrap(), None);
}

#[test]
fn two_programs_share_one_quota() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.db");
    let (one, two) = (PluginKv::open(&path).unwrap(), PluginKv::open(&path).unwrap());
    assert!(one.set("p", "a", Some("12345"), 10).unwrap());
    assert!(!two.set("p", "b", Some("12345"), 10).unwrap());
    assert!(two.set("p", "b", Some("123"), 10).unwrap());
    assert_eq!(one.keys("p", "").unwrap(), ["a", "b"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn it_answers_as_the_store_in_memory_does(
        steps in prop::collection::vec(("[ab]", "[a%é_]{1,3}", prop::option::of("[xé]{0,6}"), 0..40_u64), 0..40),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (kv, model) = (PluginKv::open(&folder.path().join("kv.db")).unwrap(), MemoryKv::default());
        for (plugin, key, value, most) in steps {
            let value = value.as_deref();
            prop_assert_eq!(kv.set(&plugin, &key, value, most), model.set(&plugin, &key, value, most));
            prop_assert_eq!(kv.get(&plugin, &key), model.get(&plugin, &key));
            prop_assert_eq!(kv.keys(&plugin, &key), model.keys(&plugin, &key));
            prop_assert_eq!(kv.keys(&plugin, ""), model.keys(&plugin, ""));
        }
    }
}
