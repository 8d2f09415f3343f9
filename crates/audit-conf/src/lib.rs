//! Judges the configuration of a bot: what its containers, services, pipelines and databases are told.
//!
//! [`ConfEngine`] is an engine of `wardkit-audit`. It reads Dockerfiles, compose files, manifests of Kubernetes, pipelines of
//! GitHub and GitLab, nginx, Redis, `PostgreSQL`, SQL, Prometheus, Loki, Alertmanager, Grafana, logrotate, units of systemd,
//! and settings in YAML, TOML, INI and `.env`.
//!
//! ```
//! use wardkit_audit_conf::ConfEngine;
//!
//! let found = ConfEngine::new().findings("Dockerfile", "FROM python:latest\nCMD [\"python\", \"bot.py\"]\n");
//! let ids: Vec<&str> = found.iter().map(|finding| finding.id.as_str()).collect();
//! assert_eq!(ids, ["dkr-latest", "dkr-no-healthcheck", "dkr-root"]);
//! ```
//!
//! # Main types
//!
//! | item | what it is |
//! |---|---|
//! | [`ConfEngine`] | the engine, and its catalogue of checks |
//!
//! # What it does not do
//!
//! It runs nothing, opens no connection, and follows no reference to another file, such as `include` of nginx or `extends`
//! of compose with a file.

#![deny(unsafe_code)]

mod catalogue;
mod engine;
mod found;
mod kind;
mod parse;
mod secret;

mod compose;
mod docker;
mod github;
mod gitlab;
mod kubernetes;
mod logrotate;
mod monitoring;
mod nginx;
mod postgres;
mod project;
mod redis;
mod settings;
mod sql;
mod unit;

pub use engine::ConfEngine;
