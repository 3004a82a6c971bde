//! `fluidcheck verify`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;

use super::common::{GraphOptions, LookOptions, ModelOptions, check_claims, probability};
use super::explain;
use super::long_run::{LongRun, LongRunOptions};
use super::output::{Failure, print_bytes, print_json};
use crate::checkpoint::Run;
use crate::claims::Claim;
use crate::graph::format;
use crate::instruments::UnderCheck;
use crate::report::{self, sections};
use crate::suite::{self, Finished, Input, Options, Outcome, Suite, battery, selection};

#[derive(Args)]
pub struct Arguments {
    /// Graph file or spec: check the claims about graphs on it [default: the built-in graphs with
    /// loads of their own, small ones for each other policy, and the claims that are not about a
    /// graph; with --policy, those of this policy alone]
    #[arg(value_name = "GRAPH")]
    graph: Option<String>,
    #[command(flatten)]
    options: GraphOptions,
    #[command(flatten)]
    model: ModelOptions,
    /// With a GRAPH or a --policy: also check the claims that are not about a graph
    #[arg(long)]
    all: bool,
    /// Check only these claims, whatever they are about
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Leave out these claims
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    except: Vec<String>,
    /// List the claims and exit
    #[arg(long)]
    list: bool,
    /// Seed of all cases and paths
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    seed: u64,
    /// Error probability of all statistical checks together
    #[arg(long, value_parser = probability, allow_negative_numbers = true, default_value = "1e-6")]
    alpha: f64,
    /// Multiplies the random cases of exact claims and the budgets of statistical ones
    #[arg(long, default_value_t = 1, allow_negative_numbers = true,
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    effort: u32,
    /// Replay one case of the exact and pathwise claims, as a witness names it
    #[arg(long, value_name = "CASE")]
    case: Option<u64>,
    /// Print a row for each claim, with figures, in place of one for each group of statements
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    look: LookOptions,
    #[command(flatten)]
    long_run: LongRunOptions,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    check_claims("--only, --except", arguments.only.iter().chain(&arguments.except))?;
    if arguments.list {
        return explain::list(arguments.look, arguments.long_run.json);
    }
    let inputs = inputs(arguments)?;
    let options = Options {
        seed: arguments.seed,
        alpha: arguments.alpha,
        effort: arguments.effort,
        only: arguments.only.clone(),
        theory: arguments.all || arguments.graph.is_none() && arguments.model.policy()?.is_none(),
        except: arguments.except.clone(),
        case: arguments.case,
    };
    let checks = selection(&inputs, &options);
    let what = (checks.len() as u64, "checks");
    let fits = |kept: &Vec<Finished>| fits(kept, checks.len());
    let run = LongRun::open(&arguments.long_run, Run::of_suite(&inputs, &options), what, fits)?;
    // The built-in graphs are many, and named where they matter.
    let title = arguments.graph.as_ref().map(|_| inputs[0].name.clone());
    let printer = Arc::new(Printer::new(arguments, title, checks.iter().map(|(claim, _)| *claim)));
    let results = run.watch(tell(&printer, &inputs, &options), |earlier| {
        let print = |new: &Finished| {
            let (claim, input) = checks[new.at];
            let row = suite::row(claim, &inputs[input], new.clone(), &options);
            printer.finished(&run, row).unwrap_or_else(|failure| run.abandon(failure));
        };
        earlier.iter().for_each(print);
        suite::resume(UnderCheck::reference(), &inputs, &options, earlier, &|new| {
            run.update(|kept| kept.push(new.clone()));
            print(new);
        })
    });
    match printer.rest(&results) {
        // Whoever has read enough may still ask for the verdict.
        Err(Failure::ClosedPipe) => {}
        printed => printed?,
    }
    Ok(ExitCode::from(match results.outcome() {
        Outcome::AsExpected => 0,
        Outcome::SomeViolated | Outcome::SomeCrashed => 1,
        Outcome::SomeInconclusive => 3,
    }))
}

fn inputs(arguments: &Arguments) -> Result<Vec<Input>, Failure> {
    let Some(text) = &arguments.graph else {
        // The loads of the built-in graphs are their own; the options still must make sense.
        arguments.model.load()?;
        let Some(policy) = arguments.model.policy()? else { return Ok(battery::inputs()) };
        return battery::inputs_of(&policy, |graph| {
            let read = |path| format::read_weights_path(Path::new(path), graph);
            Ok(policy.weights().map(read).transpose()?)
        });
    };
    let words = arguments.options.arguments(text);
    let model = arguments.model.model(arguments.options.load(text)?)?;
    let name = battery::name(&words.join(" "), &model);
    Ok(vec![Input { name, arguments: words, model, brief: false, of_battery: false }])
}

/// Each check of the suite at most once.
fn fits(kept: &[Finished], checks: usize) -> Result<(), String> {
    let mut seen = vec![false; checks];
    for Finished { at, .. } in kept {
        match seen.get_mut(*at) {
            Some(seen) if !*seen => *seen = true,
            Some(_) => return Err(format!("it has check {at} twice")),
            None => return Err(format!("it has check {at} of {checks}")),
        }
    }
    Ok(())
}

/// Prints results as they come; as JSON all at once.
struct Printer {
    report: Mutex<sections::Report>,
    json: bool,
}

impl Printer {
    fn new(
        arguments: &Arguments,
        title: Option<String>,
        checks: impl Iterator<Item = &'static Claim>,
    ) -> Self {
        let look = arguments.look.look();
        let report = sections::Report::new(title, checks, look, arguments.verbose);
        Self { report: Mutex::new(report), json: arguments.long_run.json }
    }

    fn finished(&self, run: &LongRun<Vec<Finished>>, row: suite::Row) -> Result<(), Failure> {
        run.bar.set_message(format!(", last: {}", row.claim.id));
        run.bar.inc(1);
        if self.json {
            return Ok(());
        }
        // Held while printing, so that sections keep their order.
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let text = report.finished(row);
        if text.is_empty() { Ok(()) } else { run.bar.suspend(|| print_bytes(text.as_bytes())) }
    }

    fn rest(&self, results: &Suite) -> Result<(), Failure> {
        if self.json {
            return print_json(&report::json::suite(results));
        }
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        print_bytes(report.rest(results).as_bytes())
    }
}

/// What is told at a signal.
fn tell(
    printer: &Arc<Printer>,
    inputs: &[Input],
    options: &Options,
) -> impl FnOnce(Vec<Finished>) + Send + 'static {
    let (printer, inputs, options) = (printer.clone(), inputs.to_vec(), options.clone());
    // Nobody is left to tell of an output that cannot be written.
    move |known| drop(printer.rest(&Suite::of(&inputs, &options, known)))
}
