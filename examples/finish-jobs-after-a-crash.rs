//! Sends each invoice once, whatever dies meanwhile: kill this at any moment and start it again with the same folder.
//!
//! ```text
//! cargo run -p wardkit-examples --example finish-jobs-after-a-crash -- /tmp/invoices
//! ```
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::path::PathBuf;

use wardkit_core::SystemClock;
use wardkit_sqlite::JobStore;
use wardkit_supervise::Now;
use wardkit_supervise::jobs::{Jobs, JobsConfig, Leased};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let store = JobStore::open(&folder.join("jobs.sqlite"))?;
    let mut jobs = Jobs::open(Box::new(store), JobsConfig::default(), now())?;

    // A key names the work: a message that arrives twice is one job. When this returns, it outlives a loss of power.
    for invoice in ["4711", "4712", "broken"] {
        jobs.submit(&format!("invoice {invoice}"), invoice.as_bytes(), now())?;
    }
    while let Some(job) = jobs.next(now())? {
        match send(&job) {
            Ok(()) => jobs.done(&job, now())?,
            // It is attempted again later, and is a dead letter after five attempts.
            Err(why) => jobs.failed(&job, &why, now())?,
        }
    }
    println!("{} jobs wait", jobs.waiting());
    for letter in jobs.dead_letters() {
        println!("{}: {} attempts, the last: {}", letter.key, letter.attempts, letter.why);
        // Once the reason is gone: jobs.replay(letter.id, now())?
    }
    Ok(())
}

/// Does the work. The key goes along, so that an attempt that was cut off after its effect has none the second time.
fn send(job: &Leased) -> Result<(), String> {
    let invoice = String::from_utf8_lossy(&job.payload);
    println!("attempt {} of {invoice}, Idempotency-Key: {}", job.attempt, job.key);
    if invoice == "broken" { Err("the customer has no address".to_owned()) } else { Ok(()) }
}

fn now() -> Now {
    Now::of(&SystemClock)
}
