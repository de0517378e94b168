//! The console's binary.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use server::{
    config::{Cli, Command, ServeArguments},
    logging,
    runbook::RunbookArguments,
    serve,
};

/// The exit code for arguments that cannot be served.
const USAGE: u8 = 2;

/// The stack of a thread, in bytes. A page is one deeply nested view: in a debug build the usual 2 MiB are not enough to render
/// it, and an overflow would end the console for everybody.
const STACK: usize = 16 * 1024 * 1024;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(arguments) => serve_pages(*arguments),
        Command::Runbook(arguments) => write_runbook(*arguments),
    }
}

fn write_runbook(arguments: RunbookArguments) -> ExitCode {
    let text = match arguments.write() {
        Ok(text) => text,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(USAGE);
        }
    };
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: the runbook could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve_pages(arguments: ServeArguments) -> ExitCode {
    if let Err(error) = logging::start(&arguments.log, arguments.log_format) {
        eprintln!("error: `--log` cannot be read: {error}");
        return ExitCode::from(USAGE);
    }
    let config = match arguments.check() {
        Ok(config) => config,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(USAGE);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(serve(config))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
