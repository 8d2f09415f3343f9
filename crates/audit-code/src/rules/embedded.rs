//! The rules that are built in.

/// The files, as they are named in errors.
pub(super) const FILES: &[(&str, &str)] = &[
    ("data/python.yaml", include_str!("../../rules/data/python.yaml")),
    ("data/script.yaml", include_str!("../../rules/data/script.yaml")),
    ("js/authentication.yaml", include_str!("../../rules/js/authentication.yaml")),
    ("js/bot.yaml", include_str!("../../rules/js/bot.yaml")),
    ("js/configuration.yaml", include_str!("../../rules/js/configuration.yaml")),
    ("js/cryptography.yaml", include_str!("../../rules/js/cryptography.yaml")),
    ("js/data.yaml", include_str!("../../rules/js/data.yaml")),
    ("js/database.yaml", include_str!("../../rules/js/database.yaml")),
    ("js/desktop.yaml", include_str!("../../rules/js/desktop.yaml")),
    ("js/errors.yaml", include_str!("../../rules/js/errors.yaml")),
    ("js/files.yaml", include_str!("../../rules/js/files.yaml")),
    ("js/input.yaml", include_str!("../../rules/js/input.yaml")),
    ("js/logging.yaml", include_str!("../../rules/js/logging.yaml")),
    ("js/network.yaml", include_str!("../../rules/js/network.yaml")),
    ("js/performance.yaml", include_str!("../../rules/js/performance.yaml")),
    ("js/tools.yaml", include_str!("../../rules/js/tools.yaml")),
    ("js/web.yaml", include_str!("../../rules/js/web.yaml")),
    ("llm/python.yaml", include_str!("../../rules/llm/python.yaml")),
    ("llm/script.yaml", include_str!("../../rules/llm/script.yaml")),
    ("python/async.yaml", include_str!("../../rules/python/async.yaml")),
    ("python/bot.yaml", include_str!("../../rules/python/bot.yaml")),
    ("python/crypto.yaml", include_str!("../../rules/python/crypto.yaml")),
    ("python/database.yaml", include_str!("../../rules/python/database.yaml")),
    ("python/system.yaml", include_str!("../../rules/python/system.yaml")),
    ("python/tls.yaml", include_str!("../../rules/python/tls.yaml")),
    ("python/web.yaml", include_str!("../../rules/python/web.yaml")),
    ("quality/python.yaml", include_str!("../../rules/quality/python.yaml")),
    ("quality/rust.yaml", include_str!("../../rules/quality/rust.yaml")),
    ("quality/script.yaml", include_str!("../../rules/quality/script.yaml")),
    ("rust/code.yaml", include_str!("../../rules/rust/code.yaml")),
];

/// What rules of several files name.
pub(super) const SHARED: &str = include_str!("../../rules/shared/script.yaml");
