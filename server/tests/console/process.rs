//! The binary as people start it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with browser files, as the build lays them out.
fn site(name: &str) -> PathBuf {
    let site = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(site.join("pkg")).expect("a folder");
    fs::write(site.join("name"), "console.0").expect("a file");
    fs::write(site.join("pkg/console.0.js"), "export {}").expect("a file");
    site
}

/// `console` without what the environment of the test might say, in a folder that has nothing to do with the project.
fn console(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_console"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CONSOLE_")) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir("/").stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn refusal(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } =
        timeout(PATIENCE, console(arguments).output()).await.expect("it stops").expect("it starts");
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

#[tokio::test]
async fn it_does_not_start_without_a_mode_and_explains_them() {
    let (code, words) = refusal(&["serve"]).await;
    assert_eq!(code, Some(2), "{words}");
    for mode in ["--sandbox", "--kubeconfig", "--recording", "--in-cluster"] {
        assert!(words.contains(mode), "{words}");
    }
}

#[tokio::test]
async fn it_is_not_served_to_other_machines_nor_from_inside_a_cluster() {
    for (arguments, word) in [
        (["serve", "--sandbox", "--listen=0.0.0.0:0"], "this machine only"),
        (["serve", "--in-cluster", "--listen=127.0.0.1:0"], "until sign-in exists"),
    ] {
        let (code, words) = refusal(&arguments).await;
        assert_eq!(code, Some(2), "{words}");
        assert!(words.contains(word), "{words}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let site = site("named").display().to_string();
    let (code, words) =
        refusal(&["serve", "--kubeconfig", "/nowhere/config", "--listen=127.0.0.1:0", "--site", &site]).await;
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("/nowhere/config"), "{words}");
}

#[tokio::test]
async fn an_option_may_stand_in_the_environment() {
    let mut command = console(&["serve"]);
    command.env("CONSOLE_SANDBOX", "true").env("CONSOLE_LISTEN", "0.0.0.0:0");
    let output = timeout(PATIENCE, command.output()).await.expect("it stops").expect("it starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`--listen 0.0.0.0:0` is refused"));
}

/// A console on a free port, ready.
async fn started(site_name: &str) -> (Child, String) {
    let site = site(site_name).display().to_string();
    let mut command = console(&["serve", "--sandbox", "--listen", "127.0.0.1:0", "--site", &site]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let line = timeout(PATIENCE, lines.next_line()).await.expect("it gets ready").expect("its output").expect("a line");
    let address = line.strip_prefix("Console ready: http://").expect("the address").to_owned();
    (child, address)
}

#[cfg(unix)]
#[tokio::test]
async fn it_stops_at_a_signal_with_a_live_stream_open() {
    for (signal, site_name) in [("-TERM", "term"), ("-INT", "int")] {
        let (mut child, address) = started(site_name).await;
        let mut stream = TcpStream::connect(&address).await.expect("it listens");
        let request = format!("GET /live/fleet HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut head = [0_u8; 15];
        timeout(PATIENCE, stream.read_exact(&mut head)).await.expect("it answers").expect("it answers");
        assert_eq!(&head, b"HTTP/1.1 200 OK");

        let id = child.id().expect("it runs").to_string();
        let killed = Command::new("kill").args([signal, &id]).status().await.expect("kill runs");
        assert!(killed.success());
        let status = timeout(PATIENCE, child.wait()).await.expect("it stops").expect("it stops");
        assert_eq!(status.code(), Some(0), "{signal}");
        let mut rest = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the stream ends").expect("the stream ends");
    }
}
