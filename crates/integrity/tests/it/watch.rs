//! What the sources of changes tell, each held against what was done.

#[cfg(all(feature = "fanotify", feature = "notify"))]
mod best;
#[cfg(feature = "fanotify")]
mod enforce;
#[cfg(feature = "fanotify")]
mod fanotify;
#[cfg(feature = "notify")]
mod inotify;
mod poll;

#[cfg(any(feature = "fanotify", feature = "notify"))]
#[path = "../support/seen.rs"]
mod seen;
