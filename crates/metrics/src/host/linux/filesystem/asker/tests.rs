use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex};

use super::*;

/// File systems, some of which do not answer until they are let go.
#[derive(Default)]
struct Fakes {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    silent: BTreeSet<PathBuf>,
    asked: Vec<PathBuf>,
    answered: usize,
}

impl Fakes {
    fn silence(&self, paths: &[&str]) {
        self.state.lock().unwrap().silent = paths.iter().map(PathBuf::from).collect();
        self.changed.notify_all();
    }

    fn asked(&self) -> Vec<PathBuf> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    /// Waits until so many questions were answered in all.
    fn wait_for(&self, answered: usize) {
        let state = self.state.lock().unwrap();
        drop(self.changed.wait_while(state, |state| state.answered < answered).unwrap());
    }
}

impl Ask for Fakes {
    fn ask(&self, path: &Path) -> io::Result<Answer> {
        let mut state = self.state.lock().unwrap();
        state.asked.push(path.to_owned());
        let mut state =
            self.changed.wait_while(state, |state| state.silent.contains(path)).unwrap();
        state.answered += 1;
        self.changed.notify_all();
        if path.starts_with("/refuses") {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(Answer { size: 1, ..Answer::default() })
    }
}

fn paths(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(PathBuf::from).collect()
}

fn ask(asker: &mut Asker, names: &[&str], deadline: Duration) -> String {
    let replies = asker.ask(&paths(names), deadline).unwrap();
    let letter = |reply: &Reply| match reply {
        Reply::Answered(_) => 'a',
        Reply::Failed => 'f',
        Reply::Silent => 's',
    };
    replies.iter().map(letter).collect()
}

/// Time enough for whoever answers at all.
const LONG: Duration = Duration::from_mins(4);
/// For those of whom it is known that they will not.
const SHORT: Duration = Duration::from_millis(40);

#[test]
fn all_are_asked_in_turn_on_one_thread() {
    let fakes = Arc::new(Fakes::default());
    let mut asker = Asker::new(fakes.clone());
    for _ in 0..3 {
        assert_eq!(ask(&mut asker, &["/a", "/refuses", "/b"], LONG), "afa");
        assert_eq!(fakes.asked(), paths(&["/a", "/refuses", "/b"]));
        assert!(asker.worker.is_some() && asker.stuck.is_empty());
    }
}

#[test]
fn one_that_is_silent_is_left_alone_until_it_answers() {
    let fakes = Arc::new(Fakes::default());
    let mut asker = Asker::new(fakes.clone());
    fakes.silence(&["/nas"]);
    assert_eq!(ask(&mut asker, &["/nas"], SHORT), "s");
    assert_eq!(asker.stuck.len(), 1);
    fakes.asked();
    // The others are asked, and it is not.
    for _ in 0..10 {
        assert_eq!(ask(&mut asker, &["/a", "/nas", "/b"], LONG), "asa");
    }
    assert_eq!(fakes.asked().len(), 20);
    assert_eq!(asker.stuck.len(), 1);
    fakes.silence(&[]);
    fakes.wait_for(21);
    // Its thread says so before long.
    while !asker.stuck.is_empty() {
        ask(&mut asker, &[], LONG);
        thread::yield_now();
    }
    assert_eq!(ask(&mut asker, &["/nas"], LONG), "a");
}

#[test]
fn threads_that_wait_are_bounded() {
    let fakes = Arc::new(Fakes::default());
    let mut asker = Asker::new(fakes.clone());
    let names: Vec<String> = (0..100).map(|at| format!("/nas{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    fakes.silence(&names);
    for _ in 0..60 {
        assert!(
            ask(&mut asker, &names, Duration::from_millis(4)).chars().all(|reply| reply == 's')
        );
    }
    assert!(asker.stuck.len() <= MOST_STUCK, "{}", asker.stuck.len());
    fakes.silence(&[]);
}
