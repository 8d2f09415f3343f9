use std::pin::Pin;

use wardkit_core::Event;
use wardkit_supervise::Step;

/// A future that is handed over as a value.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where it goes what happens to services, and who helps to recover them.
///
/// It is called from the thread that drives the services, which waits for it: it must not block.
pub trait Outlet: Send + Sync {
    /// Takes what has happened.
    fn publish(&self, event: Event);

    /// Does a step of a recovery that another part of the program does; those that are asked for are in
    /// [`Options::parts`](crate::Options::parts).
    ///
    /// # Errors
    ///
    /// What went wrong, for people.
    fn recover(&self, service: &str, step: &Step) -> BoxFuture<'static, Result<(), String>>;
}

/// Forgets what happens, and recovers nothing.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing in it")]
pub struct NoOutlet;

impl Outlet for NoOutlet {
    fn publish(&self, _: Event) {}

    fn recover(&self, _: &str, step: &Step) -> BoxFuture<'static, Result<(), String>> {
        let error = format!("nobody does {step}");
        Box::pin(std::future::ready(Err(error)))
    }
}
