use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wardkit_sandbox::{Capabilities, Ended, Outcome, Refused, Report, SandboxError, Share};

use super::messages::{Order, Said, Task, read_answer};
use super::parts::{Writer, receive};
use crate::engine;
use crate::host::Questions;
use crate::meter::{HostMeter, Meter as _};
use crate::plugin::Plugin;
use crate::pool::Pool;
use crate::share::{Allowance, Draws};

/// Is a worker: takes one order, does it, and returns. To be called before anything else by a program that was started as
/// a [`Worker`](super::Worker), with its standard input and output, which no one else may use.
///
/// # Errors
///
/// When whoever gave the order is gone, or is no host of this version.
pub fn worker(from: impl Read + Send + 'static, to: impl Write + Send + 'static) -> io::Result<()> {
    let line = Arc::new(Line(Mutex::new(Ends { from: Box::new(from), to: Box::new(to) })));
    let message = receive(&mut *line.lock().from, u64::MAX)?;
    let order = Order::read(&message)?;
    drop(message);
    let done = match order.task {
        Task::Load => load(&order),
        Task::Call => call(order, &line),
        Task::Compile => compile(&order.program),
    };
    let last = done.unwrap_or_else(|error| match error {
        SandboxError::Invalid { reason, .. } => Said::Invalid(reason),
        other => Said::Failed(chain(&other)),
    });
    line.say(last.write())
}

fn load(order: &Order) -> Result<Said, SandboxError> {
    let before = HostMeter.cpu();
    engine::unpack(order.engine, &order.program)?;
    let mut outcome = Outcome::new(Ended::Exited(0), Vec::new(), Report::default());
    outcome.usage.cpu = HostMeter.cpu().saturating_sub(before);
    Ok(Said::Done(outcome))
}

fn call(order: Order, line: &Arc<Line>) -> Result<Said, SandboxError> {
    let loaded = engine::unpack(order.engine, &order.program)?;
    let cpu = order.limits.cpu;
    let plugin = Plugin {
        loaded,
        limits: order.limits,
        granted: Arc::<BTreeSet<String>>::new(order.granted),
        allowance: Arc::new(FarAllowance::new(Arc::clone(line), cpu)),
        pool: Arc::new(Pool::new(1, 0)),
        id: 0,
        meter: Arc::new(HostMeter),
        questions: Questions::Here,
        report: Report::default(),
    };
    let capabilities: Arc<dyn Capabilities> = Arc::clone(line) as _;
    wardkit_sandbox::Prepared::call(&plugin, &order.input, &capabilities).map(Said::Done)
}

#[cfg(feature = "compiler")]
fn compile(module: &[u8]) -> Result<Said, SandboxError> {
    use crate::engine::compiled::{Compile as _, InProcess};

    InProcess::new()?.compile(module).map(Said::Code)
}

#[cfg(not(feature = "compiler"))]
fn compile(_: &[u8]) -> Result<Said, SandboxError> {
    Err(SandboxError::Setup {
        step: "finding the compiler",
        source: io::Error::other("the worker was built without it"),
    })
}

/// The line to the host. Each question on it waits for its answer.
struct Line(Mutex<Ends>);

struct Ends {
    from: Box<dyn Read + Send>,
    to: Box<dyn Write + Send>,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Ends> {
        // One thread has it, and what was half said is an error for the host.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, message: Writer) -> io::Result<()> {
        message.send(&mut *self.lock().to)
    }

    fn ask(&self, said: &Said) -> io::Result<Vec<u8>> {
        let mut ends = self.lock();
        said.write().send(&mut *ends.to)?;
        receive(&mut *ends.from, u64::MAX)
    }
}

impl Capabilities for Line {
    /// The host keeps the deadline.
    fn ask(&self, name: &str, request: &[u8], _: Duration) -> Result<Vec<u8>, Refused> {
        let said = Said::Asks { name: name.into(), request: request.to_vec() };
        let answer = self.ask(&said).and_then(|message| read_answer(&message));
        answer.unwrap_or_else(|_| Err(Refused::Failed("the host is gone".into())))
    }
}

/// The share of the plugin's calls together, which the host keeps.
struct FarAllowance {
    line: Arc<Line>,
    /// For how much it is at most; nothing is drawn from it.
    share: Allowance,
    /// What was used and not said yet; nothing was said at first, when there may be a debt of calls before.
    unsaid: Mutex<Option<Duration>>,
}

impl FarAllowance {
    fn new(line: Arc<Line>, share: Share) -> Self {
        Self { line, share: Allowance::new(share), unsaid: Mutex::new(None) }
    }
}

impl Draws for FarAllowance {
    fn charge(&self, _: Duration, used: Duration) -> Duration {
        let mut unsaid = self.unsaid.lock().unwrap_or_else(PoisonError::into_inner);
        let all = unsaid.unwrap_or_default().saturating_add(used);
        if unsaid.is_some() && all < WORTH_SAYING {
            *unsaid = Some(all);
            return Duration::ZERO;
        }
        *unsaid = Some(Duration::ZERO);
        let wait = self.line.ask(&Said::Used(all));
        let wait = wait.and_then(|message| super::parts::Reader::new(&message).time());
        // Without a host it stands still until its deadline.
        wait.unwrap_or(Duration::MAX)
    }

    fn most(&self, timeout: Duration) -> Duration {
        self.share.most(timeout)
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Less is not worth the two changes of process that a word to the host and back takes.
const WORTH_SAYING: Duration = Duration::from_millis(2);
