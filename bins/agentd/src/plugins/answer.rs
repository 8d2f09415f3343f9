//! Calls of those who ask.

use tokio::sync::oneshot;
use wardkit_api::{Answer, EndpointCall, PluginRefused};
use wardkit_plugin::manifest::PluginId;

use super::call::{Failure, Reason};
use super::{Cause, Job, Plugins, lock};

impl Plugins {
    /// Calls a plugin for somebody, and waits for what it gives.
    pub(crate) async fn call(&self, id: &str, input: Vec<u8>) -> Result<Answer, PluginRefused> {
        self.ask(id, Cause::Api, input).await
    }

    /// Calls a plugin at an address of its own, and waits for what it gives.
    pub(crate) async fn call_endpoint(&self, call: EndpointCall) -> Result<Answer, PluginRefused> {
        let id = call.id.clone();
        self.ask(&id, Cause::Endpoint(Box::new(call)), Vec::new()).await
    }

    /// Whether the operator opened an address of a plugin to those without a token.
    pub(crate) fn opens_endpoint(&self, id: &str, path: &str) -> bool {
        let config = self.config.borrow();
        let mut own = config.run.iter().filter(|run| run.api && run.plugin == id);
        own.any(|run| run.danger_open_endpoints.iter().any(|open| open == path))
    }

    async fn ask(&self, id: &str, cause: Cause, input: Vec<u8>) -> Result<Answer, PluginRefused> {
        let is_open = self.config.borrow().run.iter().any(|run| run.api && run.plugin == id);
        let plugin = id.parse::<PluginId>().ok().filter(|_| is_open).ok_or_else(|| {
            let reason = format!("no `[[plugins.run]]` with `api = true` has the plugin {id}");
            PluginRefused::NotFound(reason)
        })?;
        let jobs = lock(&self.jobs).clone();
        let jobs = jobs.ok_or_else(|| unavailable("plugins are not taken up yet"))?;
        let (reply, called) = oneshot::channel();
        let job = Job { plugin, cause, input, depth: 0, reply: Some(reply) };
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
        Reason::NoEndpoint => PluginRefused::NotFound(text),
        Reason::Method => PluginRefused::Method(text),
        Reason::NoToken => PluginRefused::NoToken(text),
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
