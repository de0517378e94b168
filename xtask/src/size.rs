//! What a first visit of each page transfers, asked of a running console as a browser asks.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};

/// The pages measured. The sandbox has this tenant.
const PAGES: [&str; 7] = [
    "/",
    "/tenants/team-a/tenant-00",
    "/tenants/team-a/tenant-00/plan",
    "/tenants/team-a/tenant-00/start",
    "/tenants/team-a/tenant-00/rollout",
    "/tenants/team-a/tenant-00/lab",
    "/tenants/team-a/tenant-00/workers",
];

/// The budget for a first visit of the fleet, the page that people open the console with, in bytes.
const BUDGET: usize = 300_000;

/// Start the console on the sandbox, visit the pages, print what came.
pub(crate) fn report(binary: &Path) -> Result<()> {
    let (_console, address) = start(binary)?;
    println!("\nFirst visit in bytes, compressed with brotli (budget of the fleet page {BUDGET}):\n");
    println!("{:<30}{:>10}{:>10}{:>10}{:>10}{:>10}", "page", "html", "css", "js", "wasm", "together");
    for page in PAGES {
        let answer = get(&address, page, "identity")?;
        let html = get(&address, page, "br")?.body.len();
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let mut sizes = Vec::new();
        for ending in ["css", "js", "wasm"] {
            let paths = linked(&text, ending);
            if paths.is_empty() {
                bail!("the page {page} ({}) links no .{ending} file", answer.status);
            }
            let mut size = 0;
            for path in paths {
                let file = get(&address, path, "br")?;
                if !file.status.contains(" 200 ") {
                    bail!("the page {page} links {path}, which is not there: {}", file.status);
                }
                size += file.body.len();
            }
            sizes.push(size);
        }
        let together = html + sizes.iter().sum::<usize>();
        println!("{page:<30}{html:>10}{:>10}{:>10}{:>10}{together:>10}", sizes[0], sizes[1], sizes[2]);
        if page == "/" && together > BUDGET {
            bail!("the fleet page is over its budget");
        }
    }
    Ok(())
}

/// A console that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already; there is nothing to do about either error.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(binary: &Path) -> Result<(Running, String)> {
    let mut console = Command::new(binary);
    console
        .args(["serve", "--sandbox", "--listen", "127.0.0.1:0", "--sandbox-port", "0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut running = Running(console.spawn().with_context(|| format!("could not start {}", binary.display()))?);
    let output = running.0.stdout.take().context("no standard output")?;
    for line in BufReader::new(output).lines() {
        if let Some((_, address)) = line?.split_once("http://") {
            return Ok((running, address.trim().trim_end_matches('/').to_owned()));
        }
    }
    bail!("the console ended before it was ready")
}

/// The paths of the files of `/pkg` with this ending: a page names all that it will load.
fn linked<'a>(html: &'a str, ending: &str) -> BTreeSet<&'a str> {
    html.split('"').filter(|part| part.starts_with("/pkg/") && part.ends_with(&format!(".{ending}"))).collect()
}

struct Answer {
    status: String,
    body: Vec<u8>,
}

/// One GET on its own connection.
fn get(address: &str, path: &str, encoding: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html,*/*\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n"
    )?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw)?;
    parse(&raw)
}

fn parse(raw: &[u8]) -> Result<Answer> {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").context("an answer without an end of its headers")?;
    let head = String::from_utf8_lossy(&raw[..end]).to_ascii_lowercase();
    let body = &raw[end + 4..];
    let body = if head.contains("transfer-encoding: chunked") { unchunked(body)? } else { body.to_vec() };
    Ok(Answer { status: head.lines().next().unwrap_or_default().to_owned(), body })
}

fn unchunked(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").context("a chunk without a length")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end])?.trim(), 16)?;
        rest = &rest[end + 2..];
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(rest.get(..length).context("a chunk cut short")?);
        rest = rest.get(length + 2..).context("a chunk without an end")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_put_together() {
        let raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert_eq!(parse(raw).expect("a whole answer").body, b"abcde");
        assert!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc\r\n").is_err());
    }

    #[test]
    fn the_files_of_a_page_are_found_in_its_html() {
        let html = r#"<link rel="stylesheet" href="/pkg/console.12.css"><link href="/pkg/console.12.js"><link href="/pkg/console.12.split.js"><link href="/pkg/console.12.js">"#;
        assert_eq!(Vec::from_iter(linked(html, "css")), ["/pkg/console.12.css"]);
        assert_eq!(Vec::from_iter(linked(html, "js")), ["/pkg/console.12.js", "/pkg/console.12.split.js"]);
        assert!(linked(html, "wasm").is_empty());
    }
}
