//! What a host and a worker say to each other. Each waits for the other's message in turn, so that a worker that says two
//! things at once has left the protocol.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use wardkit_sandbox::{Denied, Ended, Limits, Outcome, Refused, Report, Share, Size};

use super::parts::{Reader, Writer, broken};

/// What a worker is started for.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) task: Task,
    /// Of the engines, by its number.
    pub(super) engine: u64,
    /// The module, or the code that was made of it.
    pub(super) program: Vec<u8>,
    pub(super) limits: Limits,
    pub(super) granted: BTreeSet<String>,
    pub(super) input: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Sees whether the program can be loaded.
    Load,
    /// Runs it once.
    Call,
    /// Makes machine code of it.
    Compile,
}

/// What a worker says.
#[derive(Debug)]
pub(super) enum Said {
    /// It asks for a capability, and waits for an answer.
    Asks { name: Vec<u8>, request: Vec<u8> },
    /// The plugin has used the processor for so long since it last said so, and waits to hear how long it has to stand
    /// still.
    Used(Duration),
    /// It is done.
    Done(Outcome),
    /// It was compiled.
    Code(Vec<u8>),
    /// The program cannot be loaded.
    Invalid(String),
    /// The worker cannot do it.
    Failed(String),
}

impl Order {
    pub(super) fn write(&self) -> Writer {
        let limits = &self.limits;
        let mut writer = Writer::default()
            .number(self.task as u64)
            .number(self.engine)
            .bytes(&self.program)
            .number(limits.memory.0)
            .number(limits.cpu.thousandths().into())
            .time(limits.timeout)
            .number(limits.input.0)
            .number(limits.output.0)
            .bytes(&self.input);
        for name in &self.granted {
            writer = writer.bytes(name.as_bytes());
        }
        writer.bytes(b"")
    }

    pub(super) fn read(message: &[u8]) -> io::Result<Self> {
        let mut reader = Reader::new(message);
        let task = match reader.number()? {
            0 => Task::Load,
            1 => Task::Call,
            2 => Task::Compile,
            _ => return Err(broken()),
        };
        let engine = reader.number()?;
        let program = reader.bytes()?.to_vec();
        let mut limits = Limits::default();
        limits.memory = Size(reader.number()?);
        let share = u32::try_from(reader.number()?).map_err(|_| broken())?;
        limits.cpu = Share::from_thousandths(share).map_err(|_| broken())?;
        limits.timeout = reader.time()?;
        limits.input = Size(reader.number()?);
        limits.output = Size(reader.number()?);
        let input = reader.bytes()?.to_vec();
        let mut granted = BTreeSet::new();
        loop {
            let name = reader.text()?;
            if name.is_empty() {
                break;
            }
            granted.insert(name);
        }
        reader.end()?;
        Ok(Self { task, engine, program, limits, granted, input })
    }
}

impl Said {
    pub(super) fn write(&self) -> Writer {
        let writer = Writer::default();
        match self {
            Self::Asks { name, request } => writer.number(0).bytes(name).bytes(request),
            Self::Used(time) => writer.number(1).time(*time),
            Self::Done(outcome) => write_outcome(writer.number(2), outcome),
            Self::Code(code) => writer.number(3).bytes(code),
            Self::Invalid(reason) => writer.number(4).bytes(reason.as_bytes()),
            Self::Failed(reason) => writer.number(5).bytes(reason.as_bytes()),
        }
    }

    pub(super) fn read(message: &[u8]) -> io::Result<Self> {
        let mut reader = Reader::new(message);
        let said = match reader.number()? {
            0 => Self::Asks { name: reader.bytes()?.to_vec(), request: reader.bytes()?.to_vec() },
            1 => Self::Used(reader.time()?),
            2 => Self::Done(read_outcome(&mut reader)?),
            3 => Self::Code(reader.bytes()?.to_vec()),
            4 => Self::Invalid(shown(&mut reader)?),
            5 => Self::Failed(shown(&mut reader)?),
            _ => return Err(broken()),
        };
        reader.end()?;
        Ok(said)
    }
}

/// Writes what became of a question.
pub(super) fn write_answer(answer: &Result<Vec<u8>, Refused>) -> Writer {
    let writer = Writer::default();
    match answer {
        Ok(answer) => writer.number(0).bytes(answer),
        Err(Refused::NotGranted) => writer.number(1).bytes(b""),
        Err(Refused::Invalid(why)) => writer.number(2).bytes(why.as_bytes()),
        Err(Refused::Quota(why)) => writer.number(3).bytes(why.as_bytes()),
        Err(other) => writer.number(4).bytes(other.to_string().as_bytes()),
    }
}

pub(super) fn read_answer(message: &[u8]) -> io::Result<Result<Vec<u8>, Refused>> {
    let mut reader = Reader::new(message);
    let answer = match reader.number()? {
        0 => Ok(reader.bytes()?.to_vec()),
        1 => Err(Refused::NotGranted),
        2 => Err(Refused::Invalid(reader.text()?)),
        3 => Err(Refused::Quota(reader.text()?)),
        _ => Err(Refused::Failed(reader.text()?)),
    };
    Ok(answer)
}

/// The report is the host's own affair.
fn write_outcome(writer: Writer, outcome: &Outcome) -> Writer {
    let (kind, number, text) = match &outcome.ended {
        Ended::Trapped(reason) => (1, 0, reason.as_str()),
        Ended::Timeout => (2, 0, ""),
        Ended::OutOfMemory => (3, 0, ""),
        Ended::CpuBudget => (4, 0, ""),
        Ended::OutputLimit => (5, 0, ""),
        Ended::Exited(status) => (0, *status, ""),
        _ => (1, 0, "it ended in a way that has no name"),
    };
    let usage = &outcome.usage;
    let mut writer = writer
        .number(kind)
        .number(number.into())
        .bytes(text.as_bytes())
        .bytes(&outcome.output)
        .bytes(&outcome.errors)
        .time(usage.cpu)
        .time(usage.throttled)
        .time(usage.wall)
        .number(usage.peak_memory);
    for denied in &usage.denied {
        writer = writer.bytes(denied.name.as_bytes()).number(denied.count);
    }
    writer
}

fn read_outcome(reader: &mut Reader<'_>) -> io::Result<Outcome> {
    let (kind, status, reason) = (reader.number()?, reader.number()?, shown(reader)?);
    let ended = match kind {
        0 => Ended::Exited(u8::try_from(status).map_err(|_| broken())?),
        1 => Ended::Trapped(reason),
        2 => Ended::Timeout,
        3 => Ended::OutOfMemory,
        4 => Ended::CpuBudget,
        5 => Ended::OutputLimit,
        _ => return Err(broken()),
    };
    let mut outcome = Outcome::new(ended, reader.bytes()?.to_vec(), Report::default());
    outcome.errors = reader.bytes()?.to_vec();
    outcome.usage.cpu = reader.time()?;
    outcome.usage.throttled = reader.time()?;
    outcome.usage.wall = reader.time()?;
    outcome.usage.peak_memory = reader.number()?;
    while !reader.is_empty() {
        let name: String = reader.text()?.chars().take(MOST_OF_A_NAME).collect();
        outcome.usage.denied.push(Denied::new(name, reader.number()?));
        if outcome.usage.denied.len() > MOST_DENIED {
            return Err(broken());
        }
    }
    Ok(outcome)
}

/// A text that is shown to people, whoever wrote it.
fn shown(reader: &mut Reader<'_>) -> io::Result<String> {
    let text = reader.text()?;
    Ok(text.chars().filter(|c| !c.is_control()).take(MOST_OF_A_REASON).collect())
}

const MOST_OF_A_REASON: usize = 1_000;
const MOST_OF_A_NAME: usize = 400;
const MOST_DENIED: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_said_is_read_as_it_was_said() {
        let mut outcome = Outcome::new(Ended::Exited(7), b"output".to_vec(), Report::default());
        outcome.errors = b"info x\n".to_vec();
        outcome.usage.cpu = Duration::from_nanos(5);
        outcome.usage.peak_memory = 6;
        outcome.usage.denied = vec![Denied::new("http", 3), Denied::new("kv", 1)];
        let mut sent = Vec::new();
        Said::Done(outcome.clone()).write().send(&mut sent).expect("memory takes all");
        let Ok(Said::Done(read)) = Said::read(&sent[8..]) else { panic!("it is read") };
        assert_eq!(read, outcome);
    }

    #[test]
    fn an_order_is_read_as_it_was_given() {
        let order = Order {
            task: Task::Call,
            engine: 1,
            program: vec![0; 100],
            limits: Limits::default(),
            granted: ["http", "log"].map(str::to_owned).into(),
            input: b"input".to_vec(),
        };
        let mut sent = Vec::new();
        order.write().send(&mut sent).expect("memory takes all");
        let read = Order::read(&sent[8..]).expect("it is read");
        assert_eq!((read.task, read.engine, read.program), (Task::Call, 1, order.program));
        assert_eq!((read.granted, read.input), (order.granted, order.input));
        assert_eq!(read.limits, order.limits);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_bytes_are_a_message_or_an_error(kind in 0_u64..6, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let message = [&kind.to_le_bytes()[..], &bytes].concat();
            let _ = (Said::read(&message), Order::read(&message), read_answer(&message));
        }
    }
}
