//! Pins, hashes, locks and names.

use wardkit_audit::Status;
use wardkit_audit_deps::Newest;

use crate::{audited, ended, engine, found};

/// Which checks fail, of files that are true and of files that are safe.
fn check(id: &str, fails: &[&[(&str, &str)]], holds: &[&[(&str, &str)]]) {
    for files in fails {
        assert_eq!(found(&audited(engine(), files), id).len(), 1, "{id}: {files:?}");
    }
    for files in holds {
        assert!(found(&audited(engine(), files), id).is_empty(), "{id}: {files:?}");
    }
}

#[test]
fn what_may_change_tomorrow_is_unpinned() {
    check(
        "dep-unpinned",
        &[
            &[("requirements.txt", "aiogram\nhttpx==0.27.0\n")],
            &[("bot/requirements/base.txt", "aiogram>=3,<4\n")],
            &[("requirements.txt", "x @ git+https://github.com/a/x@main\n")],
            &[("requirements.txt", "-e git+https://github.com/a/x.git#egg=x\n")],
            &[("package.json", "{\"dependencies\": {\"grammy\": \"^1.0.0\"}}")],
            &[("Pipfile", "[packages]\naiogram = \"*\"\n")],
            &[(
                "Cargo.toml",
                "[dependencies]\nx = { git = \"https://github.com/a/x\", branch = \"main\" }\n",
            )],
        ],
        &[
            &[(
                "requirements.txt",
                "aiogram==3.4.1\nhttpx[http2]==0.27.0 ; python_version > '3.8'\n",
            )],
            &[(
                "requirements.txt",
                "x @ git+https://github.com/a/x@0123456789abcdef0123456789abcdef01234567\n",
            )],
            &[("requirements-dev.txt", "pytest\n")],
            &[("docs/requirements.txt", "# nothing\n-r other.txt\n--no-binary :all:\n")],
            &[
                ("package.json", "{\"dependencies\": {\"grammy\": \"^1.0.0\"}}"),
                ("yarn.lock", "\"grammy@^1.0.0\":\n  version \"1.2.0\"\n"),
            ],
            &[("package.json", "{\"dependencies\": {\"grammy\": \"1.2.0\"}}")],
            // What a library allows is no decision of what is installed.
            &[("pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\"httpx>=0.27\"]\n")],
            &[("Cargo.toml", "[dependencies]\nserde = \"1\"\n")],
        ],
    );
}

#[test]
fn locks_that_lack_what_is_asked_for_have_drifted() {
    let cargo = "[[package]]\nname = \"serde\"\nversion = \"1.0.5\"\nsource = \"registry+x\"\n";
    let npm = "{\"packages\": {\"node_modules/grammy\": {\"version\": \"1.9.0\"}}}";
    check(
        "dep-lock-drift",
        &[
            &[("Cargo.toml", "[dependencies]\nserde = \"2\"\n"), ("Cargo.lock", cargo)],
            &[("a/Cargo.toml", "[dependencies]\nother = \"1\"\n"), ("Cargo.lock", cargo)],
            &[
                ("package.json", "{\"dependencies\": {\"grammy\": \"^2.0.0\"}}"),
                ("package-lock.json", npm),
            ],
            &[
                ("package.json", "{\"dependencies\": {\"eris\": \"*\"}}"),
                ("package-lock.json", npm),
            ],
            &[
                ("pyproject.toml", "[project]\ndependencies = [\"httpx>=0.28\"]\n"),
                ("uv.lock", "[[package]]\nname = \"httpx\"\nversion = \"0.27.0\"\n"),
            ],
            &[
                ("go.mod", "require example.com/a v1.2.0\n"),
                ("go.sum", "example.com/a v1.1.0 h1:x=\n"),
            ],
        ],
        &[
            &[
                ("Cargo.toml", "[dependencies]\nserde = \"1\"\nown = { path = \"../own\" }\n"),
                ("Cargo.lock", cargo),
            ],
            &[
                (
                    "Cargo.toml",
                    "[dependencies]\nse = { package = \"serde\", version = \"1.0\" }\nx.workspace = true\n",
                ),
                ("Cargo.lock", cargo),
            ],
            &[
                ("package.json", "{\"dependencies\": {\"grammy\": \"^1.2.0 || ^3\"}}"),
                ("package-lock.json", npm),
            ],
            &[
                (
                    "pyproject.toml",
                    "[tool.poetry.dependencies]\npython = \"^3.11\"\nhttpx = \"^0.27\"\n",
                ),
                ("poetry.lock", "[[package]]\nname = \"httpx\"\nversion = \"0.27.0\"\n"),
            ],
            &[
                ("go.mod", "require example.com/a v1.2.0\n"),
                ("go.sum", "example.com/a v1.2.0 h1:x=\n"),
            ],
        ],
    );
}

#[test]
fn hashes_and_scripts() {
    check(
        "dep-no-hash",
        &[
            &[("requirements.txt", "a==1.0\nb==1.0 --hash=sha256:00\n")],
            &[(
                "package-lock.json",
                "{\"packages\": {\"node_modules/a\": {\"version\": \"1.0.0\", \"resolved\": \"https://registry.example.com/a/-/a-1.0.0.tgz\"}}}",
            )],
        ],
        &[
            &[("requirements.txt", "a==1.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n")],
            &[(
                "package-lock.json",
                "{\"packages\": {\"node_modules/a\": {\"version\": \"1.0.0\", \"resolved\": \"https://registry.example.com/a/-/a-1.0.0.tgz\", \"integrity\": \"sha512-x\"}}}",
            )],
        ],
    );
    let script = "{\"packages\": {\"node_modules/a\": {\"version\": \"1.0.0\", \"hasInstallScript\": true}}}";
    check(
        "dep-install-script",
        &[
            &[("package-lock.json", script)],
            &[(
                "pnpm-lock.yaml",
                "lockfileVersion: '6.0'\npackages:\n  /a@1.0.0:\n    resolution: {integrity: x}\n    requiresBuild: true\n",
            )],
        ],
        &[
            &[("package-lock.json", script), (".npmrc", "ignore-scripts = true\n")],
            &[(
                "package-lock.json",
                "{\"packages\": {\"node_modules/a\": {\"version\": \"1.0.0\"}}}",
            )],
        ],
    );
}

#[test]
fn where_packages_come_from() {
    check(
        "dep-insecure-source",
        &[
            &[("requirements.txt", "--index-url http://pypi.example.com/simple\na==1.0\n")],
            &[("requirements.txt", "--trusted-host pypi.example.com\na==1.0\n")],
            &[("requirements.txt", "a @ http://example.com/a-1.0.tar.gz\n")],
            &[(
                "package-lock.json",
                "{\"packages\": {\"node_modules/a\": {\"version\": \"1.0.0\", \"resolved\": \"http://registry.example.com/a/-/a.tgz\"}}}",
            )],
        ],
        &[
            &[("requirements.txt", "--index-url https://pypi.example.com/simple\na==1.0\n")],
            &[("requirements.txt", "--trusted-host localhost\na==1.0\n")],
        ],
    );
    check(
        "dep-extra-index",
        &[
            &[(
                "requirements.txt",
                "--extra-index-url https://user:hunter2@pypi.example.com/simple\na==1.0\n",
            )],
            &[("requirements.txt", "--extra-index-url=https://pypi.example.com/simple\na>=1.0\n")],
        ],
        &[
            &[(
                "requirements.txt",
                "--extra-index-url https://pypi.example.com/simple\na==1.0 --hash=sha256:00\n",
            )],
            &[("requirements.txt", "--index-url https://pypi.example.com/simple\na==1.0\n")],
        ],
    );
    let report = audited(
        engine(),
        &[("requirements.txt", "--extra-index-url https://user:hunter2@h/simple\na==1.0\n")],
    );
    assert!(!format!("{report:?}").contains("hunter2"));
}

#[test]
fn names_and_what_registries_say() {
    check(
        "dep-typosquat",
        &[
            &[("requirements.txt", "reqeusts==2.0\n")],
            &[("package.json", "{\"dependencies\": {\"telegraff\": \"1.0.0\"}}")],
        ],
        &[
            &[("requirements.txt", "requests==2.0\npsycopg==3.1\n")],
            &[(
                "package.json",
                "{\"dependencies\": {\"telegraf\": \"1.0.0\", \"mysql\": \"2.0.0\"}}",
            )],
        ],
    );
    check(
        "dep-unmaintained",
        &[
            &[(
                "package-lock.json",
                "{\"packages\": {\"node_modules/request\": {\"version\": \"2.88.2\", \"deprecated\": \"see #3142\"}}}",
            )],
            &[(
                "composer.lock",
                "{\"packages\": [{\"name\": \"a/b\", \"version\": \"1.0.0\", \"abandoned\": \"a/c\"}]}",
            )],
        ],
        &[
            &[(
                "package-lock.json",
                "{\"packages\": {\"node_modules/got\": {\"version\": \"14.0.0\"}}}",
            )],
            &[(
                "composer.lock",
                "{\"packages\": [{\"name\": \"a/b\", \"version\": \"1.0.0\", \"abandoned\": false}]}",
            )],
        ],
    );
}

#[test]
fn releases_are_compared_with_a_list() {
    let files = [("requirements.txt", "aiogram==3.4.1\nhttpx==0.28.0\n")];
    assert_eq!(ended(&audited(engine(), &files), "dep-outdated"), Status::Unknown);
    let list = "{\"ecosystem\":\"PyPI\",\"name\":\"AioGram\",\"version\":\"3.22.0\",\"yanked\":[\"3.4.1\"]}\n{\"name\":\"httpx\",\"version\":\"0.28.0\"}\n";
    let report = audited(engine().with_newest(Newest::parse(list).unwrap()), &files);
    let [one] = found(&report, "dep-outdated")[..] else { panic!("{report:?}") };
    assert_eq!(one.current, "aiogram is 3.4.1, and 3.22.0 is the newest.");
    assert_eq!(found(&report, "dep-yanked").len(), 1);
    for refused in ["{}", "[1]", "{\"name\":\"a\",\"version\":\"1\",\"ecosystem\":\"Maven\"}"] {
        assert!(Newest::parse(refused).is_err(), "{refused}");
    }
}
