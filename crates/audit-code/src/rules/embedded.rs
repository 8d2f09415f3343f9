//! The rules that are built in.

/// The files, as they are named in errors.
pub(super) const FILES: &[(&str, &str)] =
    &[("python/tls.yaml", include_str!("../../rules/python/tls.yaml"))];
