//! A bot that answers questions with a language model which is often overloaded.
//!
//! It embeds two of wardkit's crates: `wardkit-retry` keeps the model's trouble away from the users, `wardkit-api`
//! shows the bot's health, metrics and a status page on loopback. The model is a small TCP server in this program, so
//! that the example runs anywhere:
//!
//! ```text
//! cargo run -p wardkit-examples --example embed-in-a-bot
//! ```
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use wardkit_api::{BoxFuture, Daemon, HttpConfig, HttpServer, ReloadRefused, Reloaded, Status};
use wardkit_core::{Clock, Health, SystemClock, Timestamp};
use wardkit_retry::{
    Breaker, BreakerConfig, BreakerState, ByIo, Class, Classify, Counters, Idempotency,
    PrometheusText, Retry, RetryPolicy, Schedule,
};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let stop = CancellationToken::new();
    let model = start_model(stop.clone()).await?;
    let bot = Arc::new(Bot::new(model)?);

    // The same listener that agentd uses: bounded, with deadlines, on loopback. Port 0 takes a free one.
    let mut config = HttpConfig::default();
    config.listen.set_port(0);
    let server = HttpServer::bind(config).await?.with_program_name("shopbot");
    let address = server.local_addr();
    let serving = tokio::spawn({
        let (bot, stop) = (Arc::clone(&bot), stop.clone());
        async move { server.serve(bot, stop.cancelled()).await }
    });
    println!("look at http://{address}/ while it runs\n");

    // The model is overloaded so often that the breaker opens at the end: the last user hears at once that it
    // cannot answer, instead of waiting for a model that needs a rest.
    for question in ["opening hours?", "where is my parcel?", "a refund, please", "thank you"] {
        println!("> {question}\n{}\n", bot.answer(question).await);
    }

    println!("what Prometheus would read of http://{address}/metrics:");
    let metrics = read_page(address, "/metrics").await?;
    for line in metrics.lines().filter(|line| line.starts_with("shopbot_retry_attempts_total")) {
        println!("{line}");
    }
    stop.cancel();
    serving.await?;
    Ok(())
}

/// The bot: everything that its parts share.
struct Bot {
    model: SocketAddr,
    retry: Retry<ByModel, SystemClock, Arc<Counters>>,
    breaker: Arc<Breaker>,
    counters: Arc<Counters>,
    started_at: Timestamp,
}

impl Bot {
    fn new(model: SocketAddr) -> Result<Self, AnyError> {
        // The preset waits for seconds, as a real model needs; this one recovers sooner.
        let mut policy = RetryPolicy::llm();
        policy.schedule = Schedule::Fixed { delay: Duration::from_millis(20) };
        let breaker = Arc::new(Breaker::new("model", BreakerConfig::default())?);
        let counters = Arc::new(Counters::new());
        // Asking twice costs a little money and does no harm: safe to repeat.
        let retry = Retry::new(policy, Idempotency::Safe)?
            .with_name("model")
            .with_classifier(ByModel)
            .with_breaker(Arc::clone(&breaker))
            .with_observer(Arc::clone(&counters));
        Ok(Self { model, retry, breaker, counters, started_at: SystemClock.now() })
    }

    /// Answers a user, whatever happens behind it.
    async fn answer(&self, question: &str) -> String {
        match self.retry.run(|| ask(self.model, question)).await {
            Ok(answer) => answer,
            Err(gave_up) => format!("I cannot answer right now, please try later. ({gave_up})"),
        }
    }
}

/// What the status page, `/readyz` and `/metrics` show of the bot.
impl Daemon for Bot {
    fn health(&self) -> Vec<(String, Health)> {
        let model = match self.breaker.state() {
            BreakerState::Closed => Health::Up,
            state => Health::degraded(format!("the circuit is {}", state.as_str())),
        };
        vec![("model".to_owned(), model)]
    }

    fn status(&self) -> Status {
        let now = SystemClock.now();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started_at: self.started_at,
            uptime_seconds: now.duration_since(self.started_at).unwrap_or_default().as_secs(),
            data_dir: "none".to_owned(),
            trail: None,
            config_file: None,
            listen: None,
            health: Health::merge(self.health()),
            parts: Vec::new(),
            incidents: Vec::new(),
            services: Vec::new(),
            plugins: Vec::new(),
            events: Vec::new(),
        }
    }

    fn write_metrics(&self, out: &mut String) {
        let text = PrometheusText::new("shopbot_").counters("model", &self.counters);
        out.push_str(&text.breaker(&self.breaker).to_string());
    }

    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>> {
        // This bot has no configuration file, so nothing can change.
        Box::pin(async { Ok(Reloaded::default()) })
    }
}

/// What can go wrong between the bot and its model.
#[derive(Debug)]
enum ModelError {
    Overloaded,
    Io(io::Error),
}

/// Says what a result means; the rest is the policy's business.
struct ByModel;

impl Classify<String, ModelError> for ByModel {
    fn classify(&self, result: &Result<String, ModelError>) -> Class {
        match result {
            Ok(_) => Class::Success,
            Err(ModelError::Overloaded) => Class::Overloaded { after: None },
            Err(ModelError::Io(error)) => ByIo::class(error),
        }
    }
}

impl std::fmt::Display for ModelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Overloaded => f.write_str("the model is overloaded"),
            Self::Io(_) => f.write_str("the model cannot be reached"),
        }
    }
}

impl std::error::Error for ModelError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Overloaded => None,
            Self::Io(error) => Some(error),
        }
    }
}

/// Asks the model once: a line there, a line back.
async fn ask(model: SocketAddr, question: &str) -> Result<String, ModelError> {
    let exchange = async {
        let mut stream = BufReader::new(TcpStream::connect(model).await?);
        stream.write_all(format!("{question}\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_line(&mut answer).await?;
        Ok(answer)
    };
    match exchange.await {
        Ok(answer) if answer == "529\n" => Err(ModelError::Overloaded),
        Ok(answer) => Ok(answer.trim_end().to_owned()),
        Err(error) => Err(ModelError::Io(error)),
    }
}

/// Starts a model that answers every third question and is overloaded in between.
async fn start_model(stop: CancellationToken) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(stop.run_until_cancelled_owned(async move {
        for turn in 1_u64.. {
            let (stream, _) = listener.accept().await?;
            let mut stream = BufReader::new(stream);
            let mut question = String::new();
            stream.read_line(&mut question).await?;
            let answer = if turn % 3 == 0 {
                format!("You asked \"{}\"; that is a good question.\n", question.trim_end())
            } else {
                "529\n".to_owned()
            };
            stream.write_all(answer.as_bytes()).await?;
        }
        Ok::<_, io::Error>(())
    }));
    Ok(address)
}

/// Reads a page as a browser would.
async fn read_page(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut page = String::new();
    stream.read_to_string(&mut page).await?;
    Ok(page)
}
