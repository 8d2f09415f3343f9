//! Where files are cut into blobs.
