//! What a host keeps to prove its records.
