//! Asks a host.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use wardkit_core::Clock;

use crate::dial::ClientTls;
use crate::http::{Ask, Client};
use crate::observed::{Burst, Observed, Page};
use crate::target::{Owner, Resolved, Target};
use crate::{Error, hello, stores};

/// Asks a host a bounded number of questions, none of which changes anything there.
#[derive(Clone, Debug)]
pub struct Probe {
    target: Target,
    owner: Owner,
    webhook: Option<String>,
    health: Option<String>,
    burst: usize,
    slowest: Duration,
    redis: Option<u16>,
    postgres: Option<u16>,
}

impl Probe {
    /// Creates a probe of a URL. It asks nothing yet.
    ///
    /// # Errors
    ///
    /// [`Error::Url`] when it is no URL of a web server, or holds a password.
    pub fn new(url: &str, owner: Owner) -> Result<Self, Error> {
        Ok(Self {
            target: Target::parse(url)?,
            owner,
            webhook: None,
            health: None,
            burst: 60,
            slowest: Duration::from_secs(1),
            redis: None,
            postgres: None,
        })
    }

    /// Also sends an update without a secret to the path of a webhook, which has to refuse it.
    #[must_use]
    pub fn with_webhook(mut self, path: &str) -> Self {
        self.webhook = Some(rooted(path));
        self
    }

    /// Says where health is told, instead of the usual places.
    #[must_use]
    pub fn with_health(mut self, path: &str) -> Self {
        self.health = Some(rooted(path));
        self
    }

    /// Says how many requests are too many at once: at most 100; with none nothing is said of limits.
    #[must_use]
    pub fn with_burst(mut self, count: usize) -> Self {
        self.burst = count.min(MOST_AT_ONCE);
        self
    }

    /// Says how long 95 of 100 answers may take at most.
    #[must_use]
    pub fn with_slowest(mut self, slowest: Duration) -> Self {
        self.slowest = slowest;
        self
    }

    /// Also looks whether Redis on this port of the host does what anybody says.
    #[must_use]
    pub fn with_redis(mut self, port: u16) -> Self {
        self.redis = Some(port);
        self
    }

    /// Also looks whether Postgres on this port of the host lets anybody in.
    #[must_use]
    pub fn with_postgres(mut self, port: u16) -> Self {
        self.postgres = Some(port);
        self
    }

    /// Asks. It takes seconds, and of a host that does not answer a minute at most.
    ///
    /// # Errors
    ///
    /// [`Error::NotOwned`] for another host that nobody said is theirs, before anything is sent;
    /// [`Error::Unresolved`] and [`Error::Unreachable`] when nothing can be learnt.
    pub fn run(&self, clock: Arc<dyn Clock>) -> Result<Observed, Error> {
        let to = self.target.resolved(self.owner)?;
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().map_err(Error::Runtime)?;
        runtime.block_on(self.observe(to, clock))
    }

    async fn observe(&self, to: Resolved, clock: Arc<dyn Clock>) -> Result<Observed, Error> {
        let front = self.target.path().to_owned();
        let unreachable = |reason| Error::Unreachable { url: self.target.url_of(&front), reason };
        let is_https = self.target.is_https();
        let tls = if is_https { Some(ClientTls::of_system().map_err(unreachable)?) } else { None };
        let client = Client { to, tls, clock };
        let (answer, tls) =
            client.ask_and_look(&Ask::get(front.clone())).await.map_err(unreachable)?;
        let foreign = Ask::get(front.clone()).with("origin", FOREIGN);
        let health = self.health.as_deref();
        Ok(Observed {
            origin: self.target.url_of(""),
            is_loopback: client.to.address.ip().is_loopback(),
            is_https,
            at: client.clock.now(),
            tls,
            old_tls: if is_https { old_tls(&client.to).await } else { Vec::new() },
            front: Page { path: front.clone(), answer: Ok(answer) },
            foreign: page(&client, foreign).await,
            metrics: pages(&client, &METRICS).await,
            debug: pages(&client, &DEBUG).await,
            health: match health {
                Some(path) => pages(&client, &[path]).await,
                None => pages(&client, &HEALTH).await,
            },
            errors: self.errors(&client).await,
            webhook: match &self.webhook {
                Some(path) => Some(page(&client, Ask::post(path.clone(), UPDATE)).await),
                None => None,
            },
            stores: self.stores(&client.to).await,
            // Last: afterwards this host may be refused for a while.
            burst: self.burst(&client).await,
            slowest: self.slowest,
        })
    }

    /// Asks for what is not there, in ways that programs stumble over.
    async fn errors(&self, client: &Client) -> Vec<Page> {
        let front = self.target.path();
        let asks = [
            Ask::get("/wardkit-probe-of-nothing"),
            Ask::get("/%ff%fe/wardkit-probe"),
            Ask::get(format!("{front}?id=%27%22%3C%5B%7B&page=-1&limit=x")),
            Ask::post(front, "{\"id\": "),
        ];
        let mut seen = Vec::new();
        for ask in asks {
            seen.push(page(client, ask).await);
        }
        seen
    }

    async fn stores(&self, to: &Resolved) -> Vec<crate::observed::Store> {
        let ip = to.address.ip();
        let mut seen = Vec::new();
        if let Some(port) = self.redis {
            seen.push(stores::redis((ip, port).into()).await);
        }
        if let Some(port) = self.postgres {
            seen.push(stores::postgres((ip, port).into()).await);
        }
        seen
    }

    /// Asks one after the other for the time, then many at once for the limit.
    async fn burst(&self, client: &Client) -> Burst {
        let mut burst = Burst { at_once: self.burst, ..Burst::default() };
        let ask = Ask::get(self.target.path());
        for _ in 0..SAMPLES {
            burst.count(client.ask(&ask).await, true);
        }
        let mut running = JoinSet::new();
        for _ in 0..self.burst {
            let (client, ask) = (client.clone(), ask.clone());
            running.spawn(async move { client.ask(&ask).await });
        }
        for answer in running.join_all().await {
            burst.count(answer, false);
        }
        burst.took.sort_unstable();
        burst
    }
}

impl Burst {
    fn count(&mut self, answer: Result<crate::observed::Answer, String>, is_timed: bool) {
        self.sent += 1;
        match answer {
            Err(_) => self.lost += 1,
            Ok(answer) if answer.status == 429 => self.refused += 1,
            Ok(answer) if answer.status == 503 && answer.header("retry-after").is_some() => {
                self.refused += 1;
            }
            Ok(answer) if is_timed => self.took.push(answer.took),
            Ok(_) => {}
        }
    }
}

async fn old_tls(to: &Resolved) -> Vec<(&'static str, Result<bool, String>)> {
    let mut seen = Vec::new();
    for (name, minor) in hello::OLD {
        let asked = tokio::time::timeout(stores::PATIENCE, hello::is_spoken(to, minor)).await;
        // Who says nothing does not go on.
        seen.push((name, asked.unwrap_or(Ok(false))));
    }
    seen
}

async fn page(client: &Client, ask: Ask) -> Page {
    let answer = client.ask(&ask).await;
    Page { path: ask.path, answer }
}

async fn pages(client: &Client, paths: &[&str]) -> Vec<Page> {
    let mut seen = Vec::new();
    for path in paths {
        seen.push(page(client, Ask::get(*path)).await);
    }
    seen
}

fn rooted(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

/// A page of somebody else, who has no name that could be registered.
pub(crate) const FOREIGN: &str = "https://wardkit-probe.invalid";

/// An update of Telegram that says nothing, which other platforms' webhooks have to refuse as well.
const UPDATE: &str = "{\"update_id\": 0}";

const METRICS: [&str; 3] = ["/metrics", "/actuator/prometheus", "/-/metrics"];
const HEALTH: [&str; 6] = ["/health", "/healthz", "/readyz", "/livez", "/-/healthy", "/ping"];
const DEBUG: [&str; 14] = [
    "/debug",
    "/debug/vars",
    "/debug/pprof/",
    "/debug/requests",
    "/actuator/env",
    "/actuator/heapdump",
    "/server-status",
    "/phpinfo.php",
    "/_profiler",
    "/console",
    "/.env",
    "/.git/HEAD",
    "/config.json",
    "/backup.sql",
];

/// Enough for a 95th percentile that one outlier does not make.
const SAMPLES: usize = 20;

/// A server for people withstands that; more would be a test of load.
const MOST_AT_ONCE: usize = 100;
