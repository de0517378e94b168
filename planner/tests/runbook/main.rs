//! Runbooks: what they say, and what their scripts do when they are run.

mod golden;
mod real;
mod refuse;
mod run;
mod stage;
mod stop;
