//! Calls of those who ask.

use tokio::sync::oneshot;
use wardkit_api::{Answer, PluginRefused};
use wardkit_plugin::manifest::PluginId;

use super::call::{Failure, Reason};
use super::{Cause, Job, Plugins, lock};

impl Plugins {
    /// Calls a plugin for somebody, and waits for what it gives.
    pub(crate) async fn call(&self, id: &str, input: Vec<u8>) -> Result<Answer, PluginRefused> {
        let is_open = self.config.borrow().run.iter().any(|run| run.api && run.plugin == id);
        let plugin = id.parse::<PluginId>().ok().filter(|_| is_open).ok_or_else(|| {
            let reason = format!("no `[[plugins.run]]` with `api = true` has the plugin {id}");
            PluginRefused::NotFound(reason)
        })?;
        let jobs = lock(&self.jobs).clone();
        let jobs = jobs.ok_or_else(|| unavailable("plugins are not taken up yet"))?;
        let (reply, called) = oneshot::channel();
        let job = Job { plugin, cause: Cause::Api, input, depth: 0, reply: Some(reply) };
        jobs.try_send(job).map_err(|_| unavailable("too many calls wait"))?;
        match called.await {
            Ok(Ok(value)) => Ok(Answer::new(&value)),
            Ok(Err(failure)) => Err(refused(failure)),
            Err(_) => Err(unavailable("plugins are taken up anew")),
        }
    }
}

fn unavailable(reason: &str) -> PluginRefused {
    PluginRefused::Unavailable(reason.to_owned())
}

fn refused(Failure { reason, text }: Failure) -> PluginRefused {
    match reason {
        Reason::Input => PluginRefused::BadInput(text),
        Reason::Inactive | Reason::NotGranted | Reason::Refused | Reason::Sandbox => {
            PluginRefused::Inactive(text)
        }
        Reason::Quota => PluginRefused::TooOften(text),
        Reason::Busy | Reason::Registry => PluginRefused::Unavailable(text),
        Reason::Cpu
        | Reason::Exit
        | Reason::Killed
        | Reason::Memory
        | Reason::Output
        | Reason::Timeout
        | Reason::Trap => PluginRefused::Failed(text),
    }
}
