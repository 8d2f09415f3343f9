//! A worker by itself, for hosts that would rather not start themselves once more.

fn main() -> std::io::Result<()> {
    wardkit_sandbox_wasm::worker(std::io::stdin(), std::io::stdout())
}
