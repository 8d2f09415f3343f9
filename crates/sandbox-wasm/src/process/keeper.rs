use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use wardkit_sandbox::{
    Ended, Guarantee, Input, Native, Outcome, Policy, Report, Sandbox as _, SandboxError, Share,
    Sink, Size, Strength,
};

use super::Worker;
#[cfg(feature = "runtime")]
use super::messages::Task;
use super::messages::{Order, Said};
use super::parts::{BESIDE, Writer, broken, length};

/// Starts workers and sees that they end.
#[derive(Debug)]
pub(crate) struct Keeper {
    worker: Worker,
    native: Native,
}

impl Keeper {
    pub(crate) fn new(worker: Worker) -> Self {
        Self { worker, native: Native::new() }
    }

    /// What holds a worker here.
    pub(super) fn report(&self) -> Report {
        self.native.probe().best
    }

    /// Gives a worker an order, answers what it asks, and returns its last word. A worker that ends without one has said
    /// how by that.
    pub(super) fn run(
        &self,
        order: &Order,
        policy: &Policy,
        answer: &mut dyn FnMut(Said) -> Writer,
    ) -> Result<Said, SandboxError> {
        let starting = |source| SandboxError::Setup { step: "starting a worker", source };
        let (mut ours, theirs) = UnixStream::pair().map_err(starting)?;
        let (say, hear) = sync_channel(1);
        thread::scope(|scope| {
            let keeper = thread::Builder::new().name("plugin-worker".into());
            let keeper = keeper.spawn_scoped(scope, move || {
                let mut ear = Ear { heard: Vec::new(), most: policy.limits.output.0, say };
                let (program, arguments) = (&self.worker.program, &self.worker.arguments);
                self.native.run(program, arguments, policy, Input::Open(theirs.as_fd()), &mut ear)
            });
            let keeper = keeper.map_err(starting)?;
            let last = converse(&mut ours, order, &hear, answer);
            // It may listen for an answer that nobody gives.
            drop((ours, hear));
            let kept =
                keeper.join().map_err(|_| starting(io::Error::other("its keeper failed")))?;
            kept.map(|kept| last.unwrap_or_else(|| Said::Done(died(kept))))
        })
    }
}

/// The walls around a worker, for what the plugin itself may use. The plugin's own limits are kept within, by the engine;
/// these are for an engine that was taken over.
pub(super) fn walls(demanded: &Policy, order: &Order) -> Policy {
    let limits = &demanded.limits;
    let mut policy = Policy::default();
    policy.at_least.clone_from(&demanded.at_least);
    for (guarantee, strength) in [
        (Guarantee::Memory, Strength::Approximate),
        (Guarantee::Cpu, Strength::Approximate),
        (Guarantee::Telemetry, Strength::Absent),
    ] {
        let demanded = demanded.demands(guarantee).min(strength);
        policy.at_least.insert(guarantee, demanded);
    }
    let walls = &mut policy.limits;
    let room = length(&order.program).saturating_mul(PER_BYTE_OF_A_PROGRAM);
    walls.memory = sum(&[limits.memory.0, limits.input.0, limits.output.0, room, ROOM]);
    walls.input = sum(&[length(&order.program), length(&order.input), MOST_SAID, BESIDE]);
    walls.output = sum(&[limits.output.0, MOST_SAID, BESIDE]);
    walls.timeout = limits.timeout.saturating_add(limits.load).saturating_add(STARTING);
    let share = limits.cpu.thousandths().saturating_add(STARTING_SHARE);
    walls.cpu = Share::from_thousandths(share).unwrap_or(limits.cpu);
    // The interpreter has none beside itself, the compiled code a thread that tells the time.
    walls.tasks = if order.engine == 0 { 1 } else { 2 };
    policy
}

/// Compiles in a worker, so that a module that is made to attack compilers ends there: in time, in memory, and without a
/// way to anything of the host's. The program of the worker needs the feature `compiler`; this one does not.
///
/// Whoever has taken over a compiler can still choose what code it gives; what runs that is
/// [`Isolation::Process`](crate::Isolation::Process)'s to hold.
#[cfg(feature = "runtime")]
#[derive(Debug)]
pub struct Confined {
    keeper: Keeper,
    limits: wardkit_sandbox::Limits,
}

#[cfg(feature = "runtime")]
impl Confined {
    /// Gives each module 512 MB, one processor and a minute.
    #[must_use]
    pub fn new(worker: Worker) -> Self {
        let mut limits = wardkit_sandbox::Limits::default();
        limits.memory = Size(512_000_000);
        limits.cpu = Share::from_thousandths(1000).unwrap_or(limits.cpu);
        limits.timeout = std::time::Duration::from_mins(1);
        limits.output = Size(128 << 20);
        Self::with(worker, limits)
    }

    /// Gives each module so much memory and time of a processor, so long until the deadline, and takes so much code.
    #[must_use]
    pub fn with(worker: Worker, limits: wardkit_sandbox::Limits) -> Self {
        Self { keeper: Keeper::new(worker), limits }
    }
}

#[cfg(feature = "runtime")]
impl crate::Compile for Confined {
    fn compile(&self, module: &[u8]) -> Result<Vec<u8>, SandboxError> {
        let order = Order {
            task: Task::Compile,
            engine: 0,
            program: module.to_vec(),
            limits: self.limits.clone(),
            granted: std::collections::BTreeSet::default(),
            input: Vec::new(),
        };
        let mut policy = Policy::default();
        policy.limits = self.limits.clone();
        policy.limits.input = sum(&[length(module), BESIDE]);
        policy.limits.output = sum(&[self.limits.output.0, BESIDE]);
        policy.at_least.insert(Guarantee::Memory, Strength::Approximate);
        policy.at_least.insert(Guarantee::Cpu, Strength::Approximate);
        policy.at_least.insert(Guarantee::Telemetry, Strength::Absent);
        let refused = |reason: String| Err(SandboxError::Invalid { what: "module".into(), reason });
        // A compiler asks for nothing; whatever it hears is no answer to that.
        match self.keeper.run(&order, &policy, &mut |_| Writer::default())? {
            Said::Code(code) => Ok(code),
            Said::Invalid(reason) => refused(reason),
            Said::Done(outcome) => refused(match outcome.ended {
                Ended::Timeout => "it takes too long to compile".into(),
                Ended::OutOfMemory => "it takes too much memory to compile".into(),
                Ended::OutputLimit => "its code is too long".into(),
                other => format!("its compiler ended: {other:?}"),
            }),
            other => Err(failed(other)),
        }
    }
}

/// What a worker said that is no answer to its order.
pub(super) fn failed(said: Said) -> SandboxError {
    let source = match said {
        Said::Failed(reason) => io::Error::other(reason),
        _ => broken(),
    };
    SandboxError::Setup { step: "the work of a worker", source }
}

fn converse(
    worker: &mut UnixStream,
    order: &Order,
    hear: &Receiver<Said>,
    answer: &mut dyn FnMut(Said) -> Writer,
) -> Option<Said> {
    // Whoever does not listen has ended, or will at its deadline: that is heard.
    let _ = order.write().send(worker);
    loop {
        match hear.recv().ok()? {
            said @ (Said::Asks { .. } | Said::Used(_)) => {
                let _ = answer(said).send(worker);
            }
            last => return Some(last),
        }
    }
}

fn died(kept: Outcome) -> Outcome {
    let ended = match kept.ended {
        Ended::Exited(status) => {
            Ended::Trapped(format!("the process of the engine ended with status {status}"))
        }
        other => other,
    };
    let mut outcome = Outcome::new(ended, Vec::new(), Report::default());
    outcome.usage = kept.usage;
    outcome
}

fn sum(sizes: &[u64]) -> Size {
    Size(sizes.iter().fold(0, |sum, size| sum.saturating_add(*size)))
}

/// Takes a worker's words apart. It may not say one before the one before was heard.
struct Ear {
    heard: Vec<u8>,
    most: u64,
    say: SyncSender<Said>,
}

impl Sink for Ear {
    fn output(&mut self, part: &[u8]) -> io::Result<()> {
        self.heard.extend_from_slice(part);
        while let Some((length, rest)) = self.heard.split_first_chunk() {
            let length = u64::from_le_bytes(*length);
            if length > self.most {
                return Err(broken());
            }
            let length = usize::try_from(length).map_err(|_| broken())?;
            let Some(message) = rest.get(..length) else { return Ok(()) };
            let said = Said::read(message)?;
            self.heard.drain(..size_of::<u64>() + length);
            self.say.try_send(said).map_err(|_| broken())?;
        }
        Ok(())
    }

    /// An engine says nothing there, and whoever has taken it over is not heard.
    fn errors(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// What passes through imports at most, and as much again for the rest of the protocol.
const MOST_SAID: u64 = 128 << 20;

/// What an engine makes of a byte of a module. Room, no promise: a module that needs more is refused when it is loaded.
const PER_BYTE_OF_A_PROGRAM: u64 = 32;

/// An engine that has nothing to do.
const ROOM: u64 = 64 << 20;

/// From the start of a process to its first order, on a host that is busy.
const STARTING: std::time::Duration = std::time::Duration::from_secs(5);

/// Starting is the host's own work: half a processor, beside the plugin's share.
const STARTING_SHARE: u32 = 500;

#[cfg(test)]
mod tests {
    use super::*;

    fn ear() -> (Ear, Receiver<Said>) {
        let (say, hear) = sync_channel(1);
        (Ear { heard: Vec::new(), most: 1000, say }, hear)
    }

    fn word() -> Vec<u8> {
        let mut sent = Vec::new();
        let said = Said::Invalid("reason".into());
        said.write().send(&mut sent).expect("memory takes all");
        sent
    }

    #[test]
    fn a_word_is_heard_however_it_is_cut() {
        for cut in 0..word().len() {
            let (mut ear, hear) = ear();
            let word = word();
            ear.output(&word[..cut]).expect("it is a beginning");
            assert!(hear.try_recv().is_err(), "{cut}");
            ear.output(&word[cut..]).expect("it is the end");
            assert!(matches!(hear.try_recv(), Ok(Said::Invalid(reason)) if reason == "reason"));
        }
    }

    #[test]
    fn whoever_says_two_words_at_once_has_left_the_protocol() {
        let (mut ear, hear) = ear();
        assert!(ear.output(&[word(), word()].concat()).is_err());
        drop(hear);
    }

    #[test]
    fn what_is_too_long_or_no_word_is_not_waited_for() {
        assert!(ear().0.output(&1001_u64.to_le_bytes()).is_err());
        assert!(ear().0.output(&u64::MAX.to_le_bytes()).is_err());
        assert!(ear().0.output(&[8, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0]).is_err());
    }
}
