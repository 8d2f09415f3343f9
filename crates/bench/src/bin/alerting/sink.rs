//! The receiver of webhooks: it counts, and remembers what it was told of under which key.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Result;

/// A receiver that runs until it is dropped.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    told: Arc<Told>,
    serving: JoinHandle<()>,
}

struct Told {
    of: Mutex<Seen>,
    count: watch::Sender<usize>,
}

/// What was told so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) requests: usize,
    /// By alert: each time it was told, the key of the request, empty without one.
    pub(crate) alerts: HashMap<String, Vec<String>>,
}

impl Sink {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let told = Arc::new(Told { of: Mutex::default(), count: watch::Sender::new(0) });
        let app = Router::new().route("/", post(take)).with_state(Arc::clone(&told));
        let serving = tokio::spawn(async move {
            // It ends with the runtime at the latest.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { address, told, serving })
    }

    pub(crate) fn seen(&self) -> Seen {
        self.told.of.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `count` different alerts were told.
    pub(crate) async fn told(&self, count: usize) -> Result<()> {
        self.told.count.subscribe().wait_for(|told| *told >= count).await?;
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(told): State<Arc<Told>>, headers: HeaderMap, body: Bytes) {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    let Ok(payload) = serde_json::from_slice::<serde_json::Value>(&body) else { return };
    let mut seen = told.of.lock().unwrap_or_else(PoisonError::into_inner);
    seen.requests += 1;
    for alert in payload["alerts"].as_array().into_iter().flatten() {
        let name = alert["labels"]["instance"].as_str().unwrap_or_default().to_owned();
        seen.alerts.entry(name).or_default().push(key.to_owned());
    }
    told.count.send_replace(seen.alerts.len());
}
