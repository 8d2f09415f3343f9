//! `checkmodule` compiles the modules, `semodule_package` packs them; nothing is loaded.

use std::fs;

use wardkit_harden::{Needs, Subject, selinux};

use crate::{all_kinds, assert_ok, run};

#[test]
fn the_compiler_takes_modules_of_every_need() {
    let (subject, needs) = all_kinds();
    // Words of its grammar are none of its names.
    let names = ["/srv/bot", "/srv/allow", "/srv/7 up", "/srv/type", "/srv/-", "/srv/h1"];
    let unknown = Needs::default();
    let rows = names.map(|name| (Subject::new(name).unwrap(), &unknown));
    for (subject, needs) in rows.into_iter().chain([(subject, &needs)]) {
        let module = selinux(&subject, needs);
        let directory = tempfile::tempdir().unwrap();
        let file = |end: &str| format!("{}.{end}", subject.name());
        fs::write(directory.path().join(file("te")), &module.rules).unwrap();
        fs::write(directory.path().join(file("fc")), &module.file_contexts).unwrap();
        let compile = ["-M", "-m", "-o", &file("mod"), &file("te")];
        assert_ok(&run(directory.path(), "checkmodule", &compile), &module.rules);
        let pack = ["-o", &file("pp"), "-m", &file("mod"), "-f", &file("fc")];
        assert_ok(&run(directory.path(), "semodule_package", &pack), &module.file_contexts);
    }
}

#[test]
fn the_compiler_refuses_what_is_wrong() {
    let (subject, needs) = all_kinds();
    let wrong = selinux(&subject, &needs).rules.replacen("type init_t;", "", 1);
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("x.te"), wrong).unwrap();
    assert!(
        !run(directory.path(), "checkmodule", &["-M", "-m", "-o", "x.mod", "x.te"])
            .status
            .success()
    );
}
