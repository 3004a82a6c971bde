//! The command line: parse, call, print. What is computed lives in the library.
//!
//! Stage 18 of 18: it parses, calls and prints; nothing imports it.

mod calibrate;
mod common;
mod compare_policies;
mod delay;
mod exact;
mod explain;
mod figures;
mod generate;
mod inspect;
mod interrupt;
mod long_run;
mod ode;
mod output;
mod power;
mod simulate;
mod steady_state;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub use output::Failure;

/// Checks what mean-field theory claims about JSQ(d) load balancing on compatibility graphs, by
/// exact computation and by statistics with guaranteed error rates.
#[derive(Parser)]
#[command(name = "fluidcheck", version, arg_required_else_help = true, max_term_width = 100)]
#[command(after_help = "\
GRAPH is a file (edge list, CSV, Matrix Market) or a spec:
  complete:n=100,m=50          regular:n=1000,m=1000,k=10
  circulant:n=50,k=5           erdos-renyi:n=..,degree=..
  cycle:n=..  path:n=..        geometric:n=1000,degree=14,dim=2,p=2
  star:n=..                    3*cycle:n=4+complete:n=2 (disjoint union)

Exit codes: 0 all verdicts as expected, 1 some verdict not as expected,
2 usage or input error, 3 some claim undecided, 130 interrupted (results so far
are printed).

Example: fluidcheck verify data/us-sites-100km.csv --lambda 0.2")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check the claims of the paper, on the built-in graphs or on a graph of yours
    #[command(after_help = "\
Examples:
  fluidcheck verify                                  every claim on the built-in graphs
  fluidcheck verify regular:n=60,k=4 --lambda 0.7    the claims about a graph
  fluidcheck verify --only lemma-4.4,prop-3.9-mass   some claims
  fluidcheck verify --list                           the claims and what they state

COLUMNS sets the width of the text, NO_COLOR turns colours off.")]
    Verify(verify::Arguments),
    /// Explain a claim: what it states, how it is checked, which faults it rejects; or the policies
    #[command(after_help = "\
Examples:
  fluidcheck explain thm-3.8
  fluidcheck explain policies      the items of --policy, and what is known of each policy
  fluidcheck explain               lists all claims")]
    Explain(explain::Arguments),
    /// Show size, degrees, components, rho, phi, gamma and the critical load of a graph
    #[command(after_help = "\
Examples:
  fluidcheck inspect data/us-sites-100km.csv --lambda 0.2 --json
  fluidcheck inspect data/us-sites-100km.csv --lambda 0.2 --policy 'jsq(3), distinct'
  fluidcheck inspect cycle:n=5 --compare-policies")]
    Inspect(inspect::Arguments),
    /// Simulate the steady state or a transient, with intervals, next to the mean-field limit
    #[command(after_help = "\
Examples:
  fluidcheck simulate path:n=3 --lambda 0.6
  fluidcheck simulate path:n=3 --lambda 0.6 --policy 'jsq(all), ties lowest'
  fluidcheck simulate complete:n=100 --transient --times 0.5,1,2,5 --start level:3")]
    Simulate(simulate::Arguments),
    /// Compute the exact law of a small system, in the steady state and at given times
    #[command(after_help = "\
Examples:
  fluidcheck exact path:n=3 --lambda 0.6
  fluidcheck exact path:n=3 --lambda 0.6 --policy 'jsq(2), distinct'
  fluidcheck exact complete:n=2,m=2 --times 0.5,1,2 --start level:3 --json")]
    Exact(exact::Arguments),
    /// Solve the mean-field equations (3.5) at given times
    #[command(after_help = "\
Example: fluidcheck ode --lambda 0.8 -d 2 --times 0.1,1,10 --start geometric:0.9")]
    Ode(ode::Arguments),
    /// Write a graph to a file: from a spec, or from a file of another format
    #[command(after_help = "\
Examples:
  fluidcheck generate geometric:n=1000,degree=14 --isolated drop -o graph.csv
  fluidcheck generate data/us-sites-100km.csv -o graph.mtx")]
    Generate(generate::Arguments),
    /// Write figures 1 to 4 of the paper and the table of the geometric graphs of section 5, as CSV
    /// and SVG
    #[command(after_help = "\
All systems have the paper's policy, jsq(2), replacement: no graph and no other policy is
taken here. The files say for every system whether it has a steady state; where it has none,
they show a transient and its time.

Examples:
  fluidcheck figures -o figures    all figures, N up to 10^4: a few minutes
  fluidcheck figures -o figures --only section-5 --max-n 1000")]
    Figures(figures::Arguments),
    /// Show which claims reject which wrong models, and at what cost
    #[command(after_help = "\
Examples:
  fluidcheck power                 every claim against every fault
  fluidcheck power --quick         only the pairs that the claims list
  fluidcheck power --only transition-law --json

Exit codes: 0 every fault is rejected and every claim rejects a fault, 1 otherwise,
2 usage error.")]
    Power(power::Arguments),
    /// Measure the suite's own error rate: run it under many seeds, and try its tests where the
    /// truth is known
    #[command(after_help = "\
A large --alpha lets checks err often enough to be counted: at 0.1, ten runs have one
false alarm in expectation. Exit code 1 if there are more than chance allows (a correct
suite fails with probability at most 1e-6).

Examples:
  fluidcheck calibrate --runs 100 --alpha 0.1    all claims: an hour or more
  fluidcheck calibrate --runs 100 --checkpoint runs.jsonl    resumes, extends with more --runs
  fluidcheck calibrate --runs 100 --only transition-law,cor-4.3 --streams 0
  fluidcheck calibrate --runs 1 --only eq-2.1 --streams 1000000    tests and intervals")]
    Calibrate(calibrate::Arguments),
    /// Print a completion script for a shell
    #[command(after_help = "\
Example: fluidcheck completions bash \\
           > ~/.local/share/bash-completion/completions/fluidcheck")]
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
        Command::Explain(arguments) => explain::run(arguments),
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
