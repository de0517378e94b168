//! The console's binary.

use std::process::ExitCode;

use clap::Parser;
use server::{
    config::{Cli, Command},
    logging, serve,
};

/// The exit code for arguments that cannot be served.
const USAGE: u8 = 2;

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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(serve(config))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
