//! What a request costs beside the bytes that it moves. `gate.toml` holds the limit.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use criterion::{Criterion, criterion_group, criterion_main};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use wardkit_channels::{HttpClient, HttpClientConfig, HttpRequest, endpoint_policy};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

/// Answers whatever arrives, a connection at a time in a thread of its own.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            thread::spawn(move || {
                let mut request = [0; 4096];
                while stream.read(&mut request).is_ok_and(|count| count > 0) {
                    if stream.write_all(ANSWER).is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

fn gate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    let runtime = Builder::new_current_thread().enable_all().build().expect("the system gives one");
    let address = serve();

    let request = format!("GET / HTTP/1.1\r\nuser-agent: wardkit\r\nhost: {address}\r\n\r\n");
    let mut stream = runtime.block_on(TcpStream::connect(address)).expect("it listens");
    stream.set_nodelay(true).expect("it is open");
    group.bench_function("bytes_there_and_back", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let mut answer = [0; ANSWER.len()];
                stream.write_all(black_box(request.as_bytes())).await.expect("it is open");
                stream.read_exact(&mut answer).await.expect("it is open");
                answer
            })
        });
    });

    let url = format!("http://{address}/");
    let mut config = HttpClientConfig::default();
    config.policy = endpoint_policy([url.as_str()]).expect("it is a URL");
    let client = HttpClient::new(config).expect("it is sound");
    let get = HttpRequest::get(url);
    group.bench_function("request_on_a_kept_connection", |bencher| {
        bencher.iter(|| runtime.block_on(client.send(black_box(&get))).expect("it answers"));
    });
    #[cfg(feature = "notify")]
    notification::told(&mut group, &runtime, address);
    group.finish();
}

#[cfg(feature = "notify")]
mod notification {
    use std::net::SocketAddr;
    use std::time::Duration;

    use criterion::BenchmarkGroup;
    use criterion::measurement::WallTime;
    use tokio::runtime::Runtime;
    use wardkit_alerting::receiver::{ChannelConfig, ChannelKind, NtfyConfig, Text, WebhookConfig};
    use wardkit_alerting::{
        AckLinks, Annotations, ChannelId, Condition, Delivery, Fingerprint, Kind, Notification,
        NotificationKey, NotifiedAlert, Outcome, Urgency,
    };
    use wardkit_channels::notify::{NotifyOptions, build};
    use wardkit_core::{Labels, Timestamp};

    /// Tells the same of three alerts as JSON, in the usual words, and by a template.
    pub(super) fn told(
        group: &mut BenchmarkGroup<'_, WallTime>,
        runtime: &Runtime,
        address: SocketAddr,
    ) {
        let mut webhook = WebhookConfig::default();
        webhook.url = format!("http://{address}/");
        let mut ntfy = NtfyConfig::default();
        (ntfy.url, ntfy.topic) = (webhook.url.clone(), "ops".to_owned());
        let mut template = ntfy.clone();
        template.text = Text::jinja(
            "{% for a in alerts %}{{ a.labels.instance }}: {{ a.annotations.summary }}\n{% endfor %}",
        );
        let delivery = delivery();
        for (name, kind) in [
            ("notification_as_json", ChannelKind::from(webhook)),
            ("notification_in_the_usual_words", ChannelKind::from(ntfy)),
            ("notification_by_a_template", ChannelKind::from(template)),
        ] {
            let id = ChannelId::new("ops", kind.as_str(), 0);
            let config = ChannelConfig::new(kind);
            let channel = build(&id, &config, &NotifyOptions::default()).expect("it is sound");
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    let outcome = runtime.block_on(channel.send(&delivery));
                    assert_eq!(outcome, Outcome::Sent { receipt: None });
                });
            });
        }
    }

    fn delivery() -> Delivery {
        let alert = |instance: &str| {
            let pairs =
                [("alertname", "DiskFull"), ("instance", instance), ("severity", "critical")];
            let labels = Labels::from_pairs(pairs).expect("they are sound");
            let summary = "The disk is full in an hour.".to_owned();
            NotifiedAlert {
                fingerprint: Fingerprint::of(&labels),
                condition: Condition::Firing,
                labels,
                annotations: Annotations::from([("summary".to_owned(), summary)]),
                starts_at: Timestamp::UNIX_EPOCH,
                ends_at: None,
                generator_url: String::new(),
            }
        };
        let notification = Notification {
            key: NotificationKey::new(&["bench"]),
            kind: Kind::Group,
            receiver: "ops".to_owned(),
            channel: ChannelId::new("ops", "webhook", 0),
            person: None,
            incident: "i".to_owned(),
            group_key: "{}:{}".to_owned(),
            group_labels: Labels::new(),
            alerts: ["db1", "db2", "db3"].map(alert).to_vec(),
            truncated: 0,
            urgency: Urgency::Critical,
            at: Timestamp::UNIX_EPOCH,
            max_age: Duration::from_hours(1),
        };
        Delivery { notification, attempt: 1, links: AckLinks::default(), receipt: None }
    }
}

criterion_group!(benches, gate);
criterion_main!(benches);
