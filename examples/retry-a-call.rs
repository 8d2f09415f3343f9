//! One call that fails now and then, retried.
//!
//! The target is a small TCP server in this program, which drops connections before it answers, so that the example
//! runs anywhere:
//!
//! ```text
//! cargo run -p wardkit-examples --example retry-a-call
//! ```
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use wardkit_retry::{
    Attempt, Attempted, ByIo, GivenUp, Idempotency, Observer, Retry, RetryPolicy, Waiting,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = start_flaky_server(2)?;

    // What may go wrong and how often to try is said once, for every call of this kind.
    let retry = Retry::new(RetryPolicy::http(), Idempotency::Safe)?
        .with_name("greeting")
        .with_classifier(ByIo)
        .with_observer(Narrator);

    println!("the server drops two connections before it answers:");
    let greeting = retry.run_blocking_with(|attempt| greet(server, attempt))?;
    println!("answer: {greeting}\n");

    // A payment must not happen twice: a connection that broke may have carried it.
    let payment = retry.clone().with_idempotency(Idempotency::Unsafe);
    let server = start_flaky_server(1)?;
    println!("a call that must not happen twice:");
    match payment.run_blocking_with(|attempt| greet(server, attempt)) {
        Ok(answer) => println!("answer: {answer}"),
        Err(error) => println!("error: {error}"),
    }
    Ok(())
}

/// Sends a line and reads one, within the time that the attempt has.
fn greet(server: SocketAddr, attempt: Attempt<'_>) -> io::Result<String> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(attempt.timeout())?;
    stream.write_all(b"hello\n")?;
    let mut answer = String::new();
    match BufReader::new(stream).read_line(&mut answer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(answer.trim_end().to_owned()),
    }
}

/// Starts a server that closes its first connections without a word.
fn start_flaky_server(drops: usize) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for (served, stream) in listener.incoming().flatten().enumerate() {
            let _ = serve(stream, served >= drops);
        }
    });
    Ok(address)
}

fn serve(mut stream: TcpStream, answers: bool) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    if answers {
        stream.write_all(b"good morning\n")?;
    }
    stream.shutdown(Shutdown::Both)
}

/// Prints what happens as it happens.
#[derive(Clone, Copy)]
struct Narrator;

impl Observer for Narrator {
    fn attempt(&self, attempt: &Attempted<'_>) {
        println!("  attempt {} of {}: {}", attempt.number, attempt.policy, attempt.class);
    }

    fn wait(&self, wait: &Waiting<'_>) {
        println!("  waiting {:?}", wait.wait);
    }

    fn give_up(&self, given_up: &GivenUp<'_>) {
        println!("  giving up: {}", given_up.reason.as_str());
    }
}
