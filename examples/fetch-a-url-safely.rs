//! Fetches what a user named, and nothing of the inside.
//!
//! The site and its name server are in this program, so that the example runs anywhere:
//!
//! ```text
//! cargo run -p wardkit-examples --example fetch-a-url-safely
//! ```
#![expect(clippy::print_stdout, reason = "an example speaks to whoever runs it")]

use std::error::Error;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use wardkit_validation::{Pinned, Resolve, Untrusted, UrlPolicy};

fn main() -> Result<(), Box<dyn Error>> {
    let port = start_site()?;

    // The site of this example is on loopback, which no policy allows unless told. Yours needs none of these lines.
    let mut policy = UrlPolicy::default();
    policy.ports.push(port);
    policy.danger_allowed_networks = vec!["127.0.0.1".parse()?];

    for text in [
        format!("http://shop.example:{port}/moved"),
        format!("http://shop.example:{port}/trap"),
        format!("http://rebind.example:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://2852039166/".to_owned(),
        "http://shop.example@localhost/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        println!("{text}");
        match fetch(&policy, &Untrusted::new(text)) {
            Ok(body) => println!("    {body}"),
            Err(error) => println!("    refused: {error}"),
        }
    }
    Ok(())
}

/// The loop that every fetch of foreign URLs needs: pin, connect to what was pinned, judge each redirect.
fn fetch(policy: &UrlPolicy, text: &Untrusted<String>) -> Result<String, Box<dyn Error>> {
    let mut url = text.validate_for::<str, _>(policy)?;
    loop {
        let pinned = url.pin(policy, &NameServer)?;
        let answer = request(&pinned)?;
        match answer.location {
            // The cookies and tokens of the first host stay behind when `credentials` says so; there are none here.
            Some(location) => url = pinned.redirect(policy, &location)?.url,
            None => return Ok(answer.body),
        }
    }
}

struct Answer {
    location: Option<String>,
    body: String,
}

/// One request in the clear. For https, TLS comes between, with `pinned.url().host()` as the name to check.
fn request(pinned: &Pinned) -> io::Result<Answer> {
    let mut stream = pinned.connect(Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let (target, host) = (pinned.url().path_and_query(), pinned.url().host_header());
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    // A stranger decides how long the answer is; the program decides how much it reads.
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(ErrorKind::InvalidData)?;
    let location = head.lines().find_map(|line| line.strip_prefix("Location: "));
    Ok(Answer { location: location.map(str::to_owned), body: body.to_owned() })
}

/// Stands for the system's resolver, which is `SystemResolver`.
struct NameServer;

impl Resolve for NameServer {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        match host {
            "shop.example" => Ok(vec![Ipv4Addr::LOCALHOST.into()]),
            // One of its addresses is the neighbour's printer.
            "rebind.example" => {
                Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv4Addr::new(192, 168, 0, 7).into()])
            }
            _ => Err(ErrorKind::NotFound.into()),
        }
    }
}

/// Serves a page, a redirect to it, and a redirect to where nobody should go.
fn start_site() -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A visitor that went away is no reason to close.
            let _ = serve(stream);
        }
    });
    Ok(port)
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    // The whole request is read before the connection closes, so that the answer is not lost.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let answer = match first.split(' ').nth(1) {
        Some("/moved") => "302 Found\r\nLocation: /page\r\n\r\n",
        Some("/trap") => "302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\n\r\n",
        _ => "200 OK\r\n\r\na page of the shop",
    };
    write!(stream, "HTTP/1.1 {answer}")
}
