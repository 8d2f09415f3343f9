//! A script of a stranger: what it says, what it tried, and what held it.
//!
//! ```text
//! cargo run -p wardkit-examples --example sandbox-a-script
//! ```
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use wardkit_sandbox::{Guarantee, Input, Native, Policy, Sandbox as _, Strength};

/// Does its work, looks around, and does not end.
const SCRIPT: &str = r#"
    read name
    echo "hello, $name"
    cat /etc/passwd "$HOME/.ssh/id_ed25519"
    echo "what is here: $(echo /*)"
    kill -9 -1
    while :; do :; done
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let mut policy = Policy::default();
    policy.limits.memory = "20MB".parse()?;
    policy.limits.cpu = "20%".parse()?;
    policy.limits.timeout = Duration::from_secs(1);
    policy.limits.tasks = 8;
    // An ordinary user has no cgroups; what stands in for them will do, and for nothing else.
    policy.at_least.insert(Guarantee::Memory, Strength::Approximate);
    policy.at_least.insert(Guarantee::Cpu, Strength::Approximate);

    let native = Native::new();
    println!("this host can enforce:");
    for (guarantee, found) in native.probe().best.iter() {
        println!("  {guarantee}: {} by {}", found.strength, found.mechanism);
    }

    let mut given = (Vec::new(), Vec::new());
    let (shell, arguments) = (Path::new("/bin/sh"), ["-c".into(), SCRIPT.into()]);
    let outcome = native.run(shell, &arguments, &policy, Input::Bytes(b"world\n"), &mut given)?;

    println!("the script said:\n{}", String::from_utf8_lossy(&given.0));
    println!("and complained:\n{}", String::from_utf8_lossy(&given.1));
    let usage = &outcome.usage;
    println!(
        "it ended by {:?} after {:?}, of which it computed {:?}",
        outcome.ended, usage.wall, usage.cpu
    );
    for denied in &usage.denied {
        println!("it was denied {} {} times", denied.name, denied.count);
    }
    Ok(())
}
