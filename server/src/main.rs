//! The console's binary.

use std::process::ExitCode;

use clap::Parser;
use server::{
    config::{Cli, Command},
    logging, serve,
};

/// The exit code for arguments that cannot be served.
const USAGE: u8 = 2;

/// The stack of a thread, in bytes. A page is one deeply nested view: in a debug build the usual 2 MiB are not enough to render
/// it, and an overflow would end the console for everybody.
const STACK: usize = 16 * 1024 * 1024;

fn main() -> ExitCode {
    let Command::Serve(arguments) = Cli::parse().command;
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
