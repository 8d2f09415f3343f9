//! What master and guardian say to each other; docs/specs/guardian.md has it in words.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wardkit_process::{Signal, Step};

use crate::{Ended, Error, Master, Record, Spawn, Stop};

/// What a master asks; each request has a number, and its answer has the same.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    Hello(Master),
    Spawn(Spawn),
    Adopt(Record),
    /// What is held under the next name after this one.
    Next(String),
    Acknowledge(String, u64),
    Forget(String),
    Signal(String, u64, Signal),
    Stop(Stop),
    /// What is left of all is stopped at once, and the guardian ends.
    End,
    Leave,
}

/// What a guardian answers, or tells with the number 0.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The guardian's number, and how many starts of this master in a row did not last.
    Welcome(u32, u32),
    Done,
    /// With the pidfd; told by itself when it has ended.
    Held(Record, Option<Ended>),
    Refused(Refusal),
    /// Told by itself; with the numbers of what is left.
    Stopped(String, u64, Vec<u32>),
}

/// What becomes of a request.
pub(crate) type Answered = Result<Answer, Refusal>;

/// Why a request was not done; the numbers are those of [`Error`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Refusal {
    Malformed,
    Busy(u32),
    Outdated(u64),
    NotGone(u64),
    Unknown,
    Name,
    Spawn(Step, i32),
    Prepare(i32),
    ProcessChanged,
    System(i32),
}

impl From<wardkit_process::Error> for Refusal {
    fn from(error: wardkit_process::Error) -> Self {
        use wardkit_process::Error as From;
        let errno = error.errno().unwrap_or(rustix::io::Errno::INVAL.raw_os_error());
        match error {
            From::Spawn { step, .. } => Self::Spawn(step, errno),
            From::Changed { .. } => Self::ProcessChanged,
            From::Gone { .. } => Self::Unknown,
            From::File { .. } => Self::Prepare(errno),
            _ => Self::System(errno),
        }
    }
}

pub(crate) fn encode(id: u64, message: &impl Serialize) -> Result<Vec<u8>, Error> {
    postcard::to_allocvec(&(VERSION, id, message)).map_err(|_| Error::Malformed)
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<(u64, T), Error> {
    let malformed = |_| Error::Malformed;
    // Whatever else a version says, it begins with its number.
    let (version, _) = postcard::take_from_bytes::<u64>(bytes).map_err(malformed)?;
    if version != VERSION {
        return Err(Error::Version { theirs: version });
    }
    let (message, rest) = postcard::take_from_bytes::<(u64, u64, T)>(bytes).map_err(malformed)?;
    let (_, id, message) = message;
    if rest.is_empty() { Ok((id, message)) } else { Err(Error::Malformed) }
}

/// Names go into cgroups, markers and paths.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    let is_sound =
        (1..=128).contains(&name.len()) && name.bytes().all(is_plain) && !name.starts_with('.');
    if is_sound { Ok(()) } else { Err(Refusal::Name) }
}

const VERSION: u64 = 1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wardkit_process::{Account, Limit, Resource};

    use super::*;
    use crate::Sink;

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0..12_u8) {
            let mut message = vec![1, 7, kind];
            message.extend(bytes);
            if let Ok((id, request)) = decode::<Request>(&message) {
                let (again, _) = decode::<Request>(&encode(id, &request).unwrap()).unwrap();
                prop_assert_eq!(again, id);
            }
            if let Ok((id, answer)) = decode::<Answer>(&message) {
                let (again, _) = decode::<Answer>(&encode(id, &answer).unwrap()).unwrap();
                prop_assert_eq!(again, id);
            }
        }

        #[test]
        fn a_message_that_was_cut_is_refused(cut in 0..100_usize) {
            let spawn = Spawn::new("bot", 7, ["sleep", "1000"]);
            let whole = encode(1, &Request::Spawn(spawn)).unwrap();
            let shorter = &whole[..cut.min(whole.len() - 1)];
            prop_assert!(decode::<Request>(shorter).is_err());
        }
    }

    #[test]
    fn a_request_comes_back_as_it_was() {
        let mut spawn = Spawn::new("bot", u64::MAX, ["sleep", ""]);
        spawn.environment = vec![("A".into(), "b=c".into())];
        spawn.directory = Some("/tmp".into());
        spawn.account = Account::new(1, 2, &[2, 3]);
        spawn.limits = vec![Limit::hard(Resource::OpenFiles, 9)];
        spawn.stdout = Sink::Fifo("/run/x".into());
        spawn.stderr = Sink::Inherit;
        spawn.cgroup = Some("/sys/fs/cgroup/x".into());
        spawn.cgroup_values = vec![("pids.max".into(), "10".into())];
        spawn.cgroups_v1 = vec!["/sys/fs/cgroup/pids/x".into()];
        spawn.oom_score_adj = Some(-100);
        let text = format!("{:?}", Request::Spawn(spawn.clone()));
        let bytes = encode(9, &Request::Spawn(spawn)).unwrap();
        let (id, back) = decode::<Request>(&bytes).unwrap();
        assert_eq!((id, format!("{back:?}")), (9, text));
    }

    #[test]
    fn another_version_says_so() {
        let mut bytes = encode(1, &Request::End).unwrap();
        bytes[0] = 9;
        let error = decode::<Request>(&bytes).unwrap_err();
        assert!(matches!(error, Error::Version { theirs: 9 }), "{error:?}");
    }
}
