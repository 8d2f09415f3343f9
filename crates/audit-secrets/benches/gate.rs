//! What an audit for secrets costs beside a reading of the text byte by byte, and that it costs twice as much for twice
//! the text. `gate.toml` holds the limits, as ratios within one run.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use wardkit_audit::Audit;
use wardkit_audit_secrets::{Rules, SecretsEngine};
use wardkit_core::SystemClock;

/// Sources as people write them.
const CLEAN: &str = "async def start(update, context):\n    user = update.effective_user\n    \
                     await update.message.reply_html(f\"Hi {user.mention_html()}!\")\n";

/// What looks like the beginning of something over and over.
const HOSTILE: &str = "password=token=api_key: sk-ant-eyJhbGciOiJ9.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA 12345678:AA\n";

fn gate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    group.sample_size(10);
    let text = CLEAN.repeat(10_000);
    group.bench_function("bytes", |bencher| {
        bencher.iter(|| {
            black_box(text.as_bytes())
                .iter()
                .fold(0_u32, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(16_777_619))
        });
    });
    for (name, line, lines) in
        [("clean", CLEAN, 10_000), ("hostile", HOSTILE, 4_000), ("hostile_twice", HOSTILE, 8_000)]
    {
        let folder = tree(&line.repeat(lines));
        group.bench_function(name, |bencher| {
            bencher.iter(|| audit(folder.path(), SecretsEngine::new()));
        });
    }
    let empty = tree("");
    group.bench_function("start", |bencher| {
        bencher.iter(|| audit(empty.path(), SecretsEngine::new()));
    });
    let rules = rules();
    group.bench_function("start_with_200_rules", |bencher| {
        bencher.iter(|| Rules::parse(black_box(&rules)).map(|rules| rules.checks().len()));
    });
    group.finish();
}

fn tree(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    std::fs::write(folder.path().join("bot.py"), text).expect("there is room");
    folder
}

fn audit(folder: &Path, engine: SecretsEngine) -> usize {
    let clock = SystemClock;
    let report = Audit::new(&clock).with_engine(engine).of_tree(folder).expect("it is a folder");
    report.findings.len()
}

fn rules() -> String {
    let rule = |number| {
        format!(
            "[[rules]]\nid = \"rule-{number}\"\nregex = '''(?i)key{number}[\\w.-]{{0,50}}=\\s*([a-z0-9]{{32,64}})'''\n\
             keywords = [\"key{number}\"]\n"
        )
    };
    (0..200).map(rule).collect()
}

criterion_group!(benches, gate);
criterion_main!(benches);
