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
    group.finish();
}

criterion_group!(benches, gate);
criterion_main!(benches);
