//! Several passwords for one repository.

use std::fs;

use super::host::Host;

#[test]
fn passwords_are_added_exchanged_and_removed() {
    let host = Host::new();
    fs::write(host.path("second"), "battery staple\n").unwrap();
    let second = host.text("second");
    let added = host.json(&["key", "add", "--new-password-file", &second], 0);
    let keys = host.json(&["key", "list"], 0);
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    host.assert_ended(&["list", "--password-file", &second], 0, &["no snapshots"]);
    let id = added["id"].as_str().unwrap();
    host.assert_refused(&["key", "remove", id, "--password-file", &second], &["in use"]);
    host.assert_refused(&["key", "remove", "ffffffffffff"], &["key list"]);
    host.assert_ended(&["key", "remove", &id[..16]], 0, &["removed"]);
    host.assert_refused(&["list", "--password-file", &second], &["opens none"]);
    host.assert_ended(&["key", "password", "--new-password-file", &second], 0, &["in use"]);
    host.assert_refused(&["list"], &["opens none"]);
    host.assert_ended(&["list", "--password-file", &second], 0, &[]);
    assert_eq!(host.objects("keys").len(), 1);
}
