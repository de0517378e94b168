//! The console's binary.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use server::{
    config::{Cli, Command, ServeArguments},
    logging,
    plan::PlanArguments,
    runbook::RunbookArguments,
    serve,
};

/// The exit code for arguments that cannot be served.
const USAGE: u8 = 2;

/// The exit code of a plan that could not be made.
const NOT_CHECKED: u8 = 3;

/// The stack of a thread, in bytes. A page is one deeply nested view: in a debug build the usual 2 MiB are not enough to render
/// it, and an overflow would end the console for everybody.
const STACK: usize = 16 * 1024 * 1024;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explained(&error),
    };
    match cli.command {
        Command::Serve(arguments) => serve_pages(*arguments),
        Command::Plan(arguments) => make_plan(*arguments),
        Command::Runbook(arguments) => write_runbook(*arguments),
    }
}

/// Help, or what is wrong with the arguments. For a plan 2 means "blocked", so wrong arguments have another exit code there.
fn explained(error: &clap::Error) -> ExitCode {
    // Nothing can be done where even this cannot be printed.
    let _ = error.print();
    let asked_for_a_plan = std::env::args().nth(1).is_some_and(|word| word == "plan");
    match error.use_stderr() {
        false => ExitCode::SUCCESS,
        true if asked_for_a_plan => ExitCode::from(NOT_CHECKED),
        true => ExitCode::from(USAGE),
    }
}

fn make_plan(arguments: PlanArguments) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let made = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(arguments.make()));
    let written = made.and_then(|made| {
        // Beside the plan, so that a pipeline reads nothing else from it.
        made.said.iter().for_each(|line| eprintln!("{line}"));
        Ok((arguments.written(&made.plan)?, made.plan.verdict.exit_code()))
    });
    match written {
        Ok((text, code)) => match io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::from(code),
            Err(error) => {
                eprintln!("error: the plan could not be written: {error}");
                ExitCode::from(NOT_CHECKED)
            }
        },
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(NOT_CHECKED)
        }
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
