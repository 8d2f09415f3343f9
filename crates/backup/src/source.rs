//! What is backed up.
