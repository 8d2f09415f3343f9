//! The thread that takes the output of all services. It sleeps as long as nobody writes and nothing is due.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use wardkit_core::Clock;
use wardkit_logs::writer::Peek;

use super::archives::Archives;
use super::source::{Context, Source, Taken};
use super::{Order, Orders, Shared};
use crate::part::Inputs;

pub(super) struct Thread {
    context: Context,
    peek: Peek,
    epoll: OwnedFd,
    sources: HashMap<u64, Source>,
    /// By which number each service is known.
    numbers: HashMap<Arc<str>, u64>,
    last_number: u64,
    /// Those that have something to take.
    ready: BTreeSet<u64>,
    /// When something is due without anybody having written, since the clock began.
    timers: BTreeSet<(Duration, u64)>,
    timer_of: HashMap<u64, Duration>,
    archives: Archives,
}

impl Thread {
    pub(super) fn new(
        shared: Arc<Shared>,
        clock: Arc<dyn Clock>,
        inputs: Inputs,
    ) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &shared.wake, EventData::new_u64(WAKE), EventFlags::IN)?;
        Ok(Self {
            context: Context { shared, clock, inputs },
            peek: Peek::new()?,
            epoll,
            sources: HashMap::new(),
            numbers: HashMap::new(),
            last_number: WAKE,
            ready: BTreeSet::new(),
            timers: BTreeSet::new(),
            timer_of: HashMap::new(),
            archives: Archives::default(),
        })
    }

    pub(super) fn run(mut self) {
        loop {
            self.wait();
            // What was ordered before somebody wrote is done before that is taken.
            let orders = std::mem::take(&mut *self.context.shared.orders());
            let Orders { services, waiters, is_over } = orders;
            for (service, order) in services {
                self.follow(&service, order);
            }
            if is_over || !waiters.is_empty() {
                // Of what was written by now, all is to be taken, also by those of whom we have not heard yet.
                self.ready.extend(self.sources.keys());
            }
            for number in std::mem::take(&mut self.ready) {
                self.take(number);
            }
            for waiter in waiters {
                // It may have lost its patience.
                let _ = waiter.try_send(());
            }
            if is_over {
                return self.archives.end();
            }
        }
    }

    /// Waits until somebody has written, wants something, or something is due.
    fn wait(&mut self) {
        let now = self.context.clock.uptime();
        let timeout = match self.timers.first() {
            _ if !self.ready.is_empty() => Some(Duration::ZERO),
            Some((due, _)) => Some(due.saturating_sub(now)),
            None => None,
        };
        let timeout = timeout.map(|pause| Timespec::try_from(pause).unwrap_or_default());
        let mut events =
            [const { Event { flags: EventFlags::empty(), data: EventData::new_u64(0) } }; 64];
        let count = match epoll::wait(&self.epoll, events.as_mut_slice(), timeout.as_ref()) {
            Ok(count) => count,
            Err(Errno::INTR) => 0,
            // There is nobody left to wait for.
            Err(_) => return,
        };
        for event in &events[..count] {
            match event.data.u64() {
                WAKE => {
                    let mut count = [0; 8];
                    // Whether it was read or not: orders are looked for in any case.
                    let _ = rustix::io::read(&self.context.shared.wake, &mut count);
                }
                number => {
                    self.ready.insert(number);
                }
            }
        }
        let now = self.context.clock.uptime();
        while let Some((due, number)) = self.timers.first().copied()
            && due <= now
        {
            self.timers.pop_first();
            self.timer_of.remove(&number);
            self.ready.insert(number);
        }
    }

    fn follow(&mut self, service: &Arc<str>, order: Order) {
        let number = self.numbers.get(service).copied();
        if let Some(limits) = order.limits
            && let Some(source) = number.and_then(|number| self.sources.get_mut(&number))
        {
            source.limit(limits);
        }
        if (order.finish || order.forget)
            && let Some(number) = number
        {
            let Some(source) = self.sources.get_mut(&number) else { return };
            let taken = source.finish(&mut self.peek, &self.context);
            self.took(number, taken);
        }
        if let Some(begin) = order.begin {
            let is_begun = self.begin(service, number, begin);
            if let Err(error) = is_begun {
                let reason = format!("its output cannot be taken: {error}");
                self.context.inputs.note(service, "output", Some(reason));
            }
        }
        if order.forget
            && let Some(number) = self.numbers.remove(service)
        {
            self.sources.remove(&number);
            self.ready.remove(&number);
            self.set_timer(number, None);
            // Nobody writes to it any more. What is left of it is in nobody's way.
            let _ = std::fs::remove_file(self.context.shared.fifos.join(&**service));
        }
    }

    fn begin(
        &mut self,
        service: &Arc<str>,
        number: Option<u64>,
        begin: super::Begin,
    ) -> io::Result<()> {
        let number = number.unwrap_or_else(|| {
            self.last_number += 1;
            self.last_number
        });
        // Each time somebody writes: a line that has no end yet must not wake us all the time.
        let flags = EventFlags::IN | EventFlags::ET;
        epoll::add(&self.epoll, &begin.fifo, EventData::new_u64(number), flags)?;
        if let Some(source) = self.sources.get_mut(&number) {
            source.begin(begin, &self.context);
        } else {
            let path = self.context.shared.logs.join(format!("{service}.log"));
            self.sources.insert(number, Source::new(Arc::clone(service), path, begin));
            self.numbers.insert(Arc::clone(service), number);
        }
        self.ready.insert(number);
        Ok(())
    }

    fn take(&mut self, number: u64) {
        let Some(source) = self.sources.get_mut(&number) else { return };
        let taken = source.take(&mut self.peek, &self.context);
        self.took(number, taken);
    }

    fn took(&mut self, number: u64, taken: Taken) {
        let Some(source) = self.sources.get(&number) else { return };
        if taken.rotated {
            let shared = &self.context.shared;
            let budget = shared.budget.load(std::sync::atomic::Ordering::Relaxed);
            self.archives.add(source.path(), source.compresses(), &shared.logs, budget);
        }
        let due = source.due(&self.context);
        let due = due.map(|due| self.context.clock.uptime().saturating_add(due));
        self.set_timer(number, due);
        if taken.is_more {
            self.ready.insert(number);
        }
    }

    fn set_timer(&mut self, number: u64, due: Option<Duration>) {
        if let Some(before) = self.timer_of.remove(&number) {
            self.timers.remove(&(before, number));
        }
        if let Some(due) = due {
            self.timers.insert((due, number));
            self.timer_of.insert(number, due);
        }
    }
}

/// The number of what wakes the thread; services have others.
const WAKE: u64 = 0;
