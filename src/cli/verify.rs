//! `fluidcheck verify`.

use std::fmt::Write;
use std::process::{ExitCode, exit};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;

use super::common::{GraphOptions, ModelOptions, check_claims, probability, progress_bar};
use super::interrupt::{INTERRUPTED, on_interrupt};
use super::output::{Failure, print, print_json};
use fluidcheck::claims;
use fluidcheck::machinery::UnderCheck;
use fluidcheck::report;
use fluidcheck::suite::{self, Input, Options, Outcome, Row, Suite};
use fluidcheck::{battery, suite::selection};

#[derive(Args)]
pub struct Arguments {
    /// Graph file or spec; without it, a battery of graphs with loads of their own
    #[arg(value_name = "GRAPH")]
    graph: Option<String>,
    #[command(flatten)]
    options: GraphOptions,
    #[command(flatten)]
    model: ModelOptions,
    /// Only these claims
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Not these claims
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    except: Vec<String>,
    /// List the claims and end
    #[arg(long)]
    list: bool,
    /// Seed of all cases and paths
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    seed: u64,
    /// Error probability of all statistical claims together
    #[arg(long, value_parser = probability, allow_negative_numbers = true, default_value = "1e-6")]
    alpha: f64,
    /// Multiplies the random cases of exact claims and the budgets of statistical ones
    #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=1000))]
    effort: u32,
    /// Replay one case of the exact and pathwise claims, as a witness names it
    #[arg(long, value_name = "CASE")]
    case: Option<u64>,
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// No progress bar
    #[arg(long)]
    quiet: bool,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    check_claims("--only, --except", arguments.only.iter().chain(&arguments.except))?;
    if arguments.list {
        return list(arguments.json);
    }
    let inputs = match &arguments.graph {
        Some(text) => {
            let graph = arguments.options.load(text)?;
            let words = arguments.options.arguments(text);
            let model = arguments.model.model(graph)?;
            let name = format!("{} (lambda = {}, d = {})", words.join(" "), model.load().exact(), model.d());
            vec![Input { name, arguments: words, model }]
        }
        None => {
            // The battery's loads belong to its graphs; the options still must make sense.
            arguments.model.load()?;
            battery::inputs()
        }
    };
    let options = Options {
        seed: arguments.seed,
        alpha: arguments.alpha,
        effort: arguments.effort,
        only: arguments.only.clone(),
        except: arguments.except.clone(),
        case: arguments.case,
    };
    let bar = progress_bar(selection(&inputs, &options).len() as u64, arguments.quiet);
    let known: Arc<Mutex<Vec<Row>>> = Arc::default();
    {
        let (known, inputs, options, bar, json) = (known.clone(), inputs.clone(), options.clone(), bar.clone(), arguments.json);
        on_interrupt(move || {
            // The lock is kept to the end of the process: no row comes in while the report is written.
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            bar.finish_and_clear();
            // Nobody is left to tell of an output that cannot be written.
            let _ = report(&Suite::partial(&inputs, &options, known.clone()), json);
            exit(INTERRUPTED);
        });
    }
    let results = suite::run(UnderCheck::reference(), &inputs, &options, &|row| {
        known.lock().unwrap_or_else(PoisonError::into_inner).push(row.clone());
        bar.set_message(row.claim.id);
        bar.inc(1);
    });
    bar.finish_and_clear();
    report(&results, arguments.json)?;
    Ok(ExitCode::from(match results.outcome() {
        Outcome::AsExpected => 0,
        Outcome::SomeViolated => 1,
        Outcome::SomeInconclusive => 3,
    }))
}

fn report(results: &Suite, json: bool) -> Result<(), Failure> {
    if json { print_json(&report::json::suite(results)) } else { print(report::table::suite(results).as_bytes()) }
}

fn list(json: bool) -> Result<ExitCode, Failure> {
    if json {
        let rows: Vec<_> = claims::all()
            .map(|claim| {
                serde_json::json!({
                    "id": claim.id, "source": claim.source, "statement": claim.statement, "kind": claim.kind,
                    "expected": claim.expected, "rejects": claim.rejects,
                    "effect": claims::effect_of(claim.id),
                })
            })
            .collect();
        print_json(&serde_json::json!({ "claims": rows }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    let width = claims::all().map(|claim| claim.id.len()).max().unwrap_or(0);
    for claim in claims::all() {
        let _ = writeln!(text, "{:width$}  {}: {}", claim.id, claim.source, claim.statement);
        if let Some(effect) = claims::effect_of(claim.id) {
            let (smallest, observations, unit) = (effect.smallest, effect.observations, effect.unit);
            let _ = writeln!(text, "{:width$}  excludes {smallest}, by some {observations} {unit}", "");
        }
    }
    print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
