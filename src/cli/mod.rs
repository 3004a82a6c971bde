//! The command line: parse, call, print. What is computed lives in the library.

mod calibrate;
mod checkpoint;
mod common;
mod exact;
mod figures;
mod generate;
mod inspect;
mod interrupt;
mod ode;
mod output;
mod power;
mod simulate;
mod steady_state;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub use output::Failure;

/// Checks what mean-field theory claims about JSQ(d) load balancing on compatibility graphs,
/// exactly and with guaranteed error rates.
#[derive(Parser)]
#[command(name = "fluidcheck", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "GRAPH is a file (edge list, CSV, Matrix Market) or a spec:
  complete:n=100,m=50          regular:n=1000,m=1000,k=10      circulant:n=50,k=5
  erdos-renyi:n=..,degree=..   geometric:n=1000,degree=14,dim=2,p=2
  cycle:n=..  path:n=..  star:n=..     3*cycle:n=4+complete:n=2 (disjoint union)

Exit codes: 0 as expected, 1 some verdict not as expected, 2 usage or input error, 3 some claim undecided,
130 interrupted (what is known by then is printed).

Example: fluidcheck verify data/us-sites-100km.csv --lambda 0.2")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check every claim of the paper, on a graph or on a battery of graphs
    #[command(after_help = "Examples:
  fluidcheck verify                                   the battery, a real graph among them
  fluidcheck verify regular:n=60,k=4 --lambda 0.7     one graph
  fluidcheck verify --only lemma-4.4,prop-3.9-mass    some claims
  fluidcheck verify --list                            what there is")]
    Verify(verify::Arguments),
    /// Size, degrees, components, rho, phi, gamma, stability and critical load of a graph
    #[command(
        after_help = "Example: fluidcheck inspect data/us-sites-100km.csv --lambda 0.2 --json"
    )]
    Inspect(inspect::Arguments),
    /// Simulate the steady state, or a transient, with intervals, next to the mean-field limit
    #[command(after_help = "Examples:
  fluidcheck simulate path:n=3 --lambda 0.6
  fluidcheck simulate complete:n=100 --transient --times 0.5,1,2,5 --start level:3")]
    Simulate(simulate::Arguments),
    /// The exact law of a small system: the steady state, and at given times
    #[command(after_help = "Examples:
  fluidcheck exact path:n=3 --lambda 0.6
  fluidcheck exact complete:n=2,m=2 --times 0.5,1,2 --start level:3 --json")]
    Exact(exact::Arguments),
    /// Solve the mean-field equations (3.5) at given times
    #[command(
        after_help = "Example: fluidcheck ode --lambda 0.8 -d 2 --times 0.1,1,10 --start geometric:0.9 --json"
    )]
    Ode(ode::Arguments),
    /// Write a graph to a file: makes graphs from specs, converts between formats
    #[command(after_help = "Examples:
  fluidcheck generate geometric:n=1000,degree=14 --graph-seed 7 --isolated drop -o graph.csv
  fluidcheck generate data/us-sites-100km.csv -o graph.mtx")]
    Generate(generate::Arguments),
    /// Write the paper's figures 1 to 4 and the table of section 5's geometric graphs, as CSV and
    /// SVG
    #[command(
        after_help = "Figures say of every system whether it has a steady state; where it has none, what is shown is a transient with its time.

Examples:
  fluidcheck figures -o figures                               all, N up to 10^4: a few minutes
  fluidcheck figures -o figures --only section-5 --max-n 1000 which geometric graphs have a steady state"
    )]
    Figures(figures::Arguments),
    /// Show which claim rejects which wrong model, and at which cost
    #[command(after_help = "Examples:
  fluidcheck power                        every claim against every fault
  fluidcheck power --quick                the pairs that the claims list
  fluidcheck power --only transition-law --json

Exit codes: 0 every fault is rejected and every claim rejects one, 1 not so, 2 usage error.")]
    Power(power::Arguments),
    /// How often the suite is wrong: run it under many seeds, and try its tests where the truth is
    /// known
    #[command(
        after_help = "A large --alpha gives every check a chance to err: at 0.1, ten runs may see one false alarm in expectation.
Exit code 1 if there are more than chance allows (a sound suite is blamed with probability at most 1e-6).

Examples:
  fluidcheck calibrate --runs 100 --alpha 0.1                   all claims, an hour or more
  fluidcheck calibrate --runs 100 --only transition-law,cor-4.3 --streams 0
  fluidcheck calibrate --runs 1 --only eq-2.1 --streams 1000000    the tests and intervals themselves"
    )]
    Calibrate(calibrate::Arguments),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example: fluidcheck completions bash > ~/.local/share/bash-completion/completions/fluidcheck"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    interrupt::install();
    let result = match &arguments.command {
        Command::Verify(arguments) => verify::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Exact(arguments) => exact::run(arguments),
        Command::Ode(arguments) => ode::run(arguments),
        Command::Generate(arguments) => generate::run(arguments),
        Command::Figures(arguments) => figures::run(arguments),
        Command::Power(arguments) => power::run(arguments),
        Command::Calibrate(arguments) => calibrate::run(arguments),
        Command::Completions { shell } => completions(*shell),
    };
    output::finish(result)
}

fn completions(shell: clap_complete::Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "fluidcheck", &mut script);
    output::print_bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}
