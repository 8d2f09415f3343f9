//! What masters ask.

use std::ops::Bound;
use std::os::fd::OwnedFd;

use wardkit_process::Scan;

use super::{Guardian, Service, service};
use crate::protocol::{Answer, Answered, Refusal, Request, check_name};

impl Guardian {
    pub(super) fn on_request(&mut self, request: Request, fd: Option<OwnedFd>) -> Answered {
        let connection = self.connection.as_mut().ok_or(Refusal::Malformed)?;
        match request {
            Request::Hello(master) => {
                check_name(&master.instance)?;
                // It marks what runs, so it cannot change while something does.
                if self.instance != master.instance && !self.held.is_empty() {
                    return Err(Refusal::Name);
                }
                self.instance.clone_from(&master.instance);
                let failures = self.master.attach(connection.pid, master)?;
                connection.is_greeted = true;
                return Ok(Answer::Welcome(std::process::id(), failures));
            }
            _ if !connection.is_greeted => return Err(Refusal::Malformed),
            Request::Spawn(spawn) => {
                if let Some(present) = self.present(&spawn.service, spawn.generation)? {
                    return Ok(present);
                }
                return Ok(self.hold(Service::start(spawn, &self.instance, &self.inherited)?));
            }
            Request::Adopt(record) => {
                if let Some(present) = self.present(&record.service, record.generation)? {
                    return Ok(present);
                }
                return Ok(self.hold(Service::adopt(record, fd)?));
            }
            Request::Next(after) => {
                let names = (Bound::Excluded(after), Bound::Unbounded);
                let next = self.held.range(names).next();
                return Ok(next.map_or(Answer::Done, |(_, service)| service.answer()));
            }
            Request::Acknowledge(name, generation) => {
                let service = self.find(&name, generation)?;
                service.ended.ok_or(Refusal::Unknown)?;
                service.told = service::ACKNOWLEDGED;
            }
            Request::Forget(name) => {
                self.check_gone(&name)?;
                self.held.remove(&name).ok_or(Refusal::Unknown)?;
            }
            Request::Signal(name, generation, signal) => {
                let service = self.find(&name, generation)?;
                service.running().ok_or(Refusal::Unknown)?.signal(signal)?;
            }
            Request::Stop(stop) => self.find(&stop.service, stop.generation)?.stop(&stop),
            Request::End => self.end(),
            Request::Leave => self.master.how = None,
        }
        Ok(Answer::Done)
    }

    /// Returns the start that was made already; `None` for a new one, once nothing of an earlier one is left.
    fn present(&mut self, name: &str, generation: u64) -> Result<Option<Answer>, Refusal> {
        check_name(name)?;
        match self.held.get(name).map(|present| (present.record.generation, present)) {
            Some((latest, _)) if generation < latest => Err(Refusal::Outdated(latest)),
            Some((latest, present)) if generation == latest => Ok(Some(present.answer())),
            _ => self.check_gone(name).map(|()| None),
        }
    }

    fn hold(&mut self, service: Service) -> Answer {
        let answer = service.answer();
        self.held.insert(service.record.service.clone(), service);
        answer
    }

    /// Refuses as long as something of a service is left; what cannot be found out is left.
    fn check_gone(&mut self, name: &str) -> Result<(), Refusal> {
        let others = self.roots();
        let Some(service) = self.held.get_mut(name) else { return Ok(()) };
        let members = || service.tree(&self.instance, &others).members_in(&Scan::default());
        service.is_gone |= service.ended.is_some() && members().is_ok_and(|left| left.is_empty());
        if !service.is_gone {
            return Err(Refusal::NotGone(service.record.generation));
        }
        service.remove_cgroup();
        Ok(())
    }

    fn find(&mut self, name: &str, generation: u64) -> Result<&mut Service, Refusal> {
        let found = self.held.get_mut(name).filter(|one| one.record.generation == generation);
        found.ok_or(Refusal::Unknown)
    }
}
