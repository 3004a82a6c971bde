//! `fluidcheck verify`.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::common::{GraphOptions, ModelOptions, probability, shows_progress};
use super::output::{Failure, print, print_json};
use fluidcheck::claims;
use fluidcheck::machinery::UnderCheck;
use fluidcheck::report;
use fluidcheck::suite::{self, Input, Options, Outcome};
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
    for id in arguments.only.iter().chain(&arguments.except) {
        if claims::find(id).is_none() {
            return Err(Failure::Message(format!("--only, --except: there is no claim `{id}`; verify --list names them all")));
        }
    }
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
    let bar = progress(selection(&inputs, &options).len() as u64, arguments.quiet);
    let results = suite::run(UnderCheck::reference(), &inputs, &options, &|row| {
        bar.set_message(row.claim.id);
        bar.inc(1);
    });
    bar.finish_and_clear();
    if arguments.json {
        print_json(&report::json::suite(&results))?;
    } else {
        print(report::table::suite(&results).as_bytes())?;
    }
    Ok(ExitCode::from(match results.outcome() {
        Outcome::AsExpected => 0,
        Outcome::SomeViolated => 1,
        Outcome::SomeInconclusive => 3,
    }))
}

fn progress(checks: u64, quiet: bool) -> ProgressBar {
    if !shows_progress(quiet) {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} checks, {elapsed}, last: {msg}");
    ProgressBar::new(checks).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn list(json: bool) -> Result<ExitCode, Failure> {
    if json {
        let rows: Vec<_> = claims::all()
            .map(|claim| {
                serde_json::json!({
                    "id": claim.id, "source": claim.source, "statement": claim.statement, "kind": claim.kind,
                    "expected": claim.expected, "rejects": claim.rejects,
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
    }
    print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
