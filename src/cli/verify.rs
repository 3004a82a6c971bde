//! `fluidcheck verify`.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;

use super::checkpoint::CheckpointOptions;
use super::common::{GraphOptions, ModelOptions, check_claims, probability, progress_bar};
use super::interrupt::{finishing, on_interrupt};
use super::output::{Failure, print, print_json};
use crate::checkpoint::{Progress, Run};
use crate::instruments::UnderCheck;
use crate::suite::{self, Finished, Input, Options, Outcome, Suite, battery, selection};
use crate::{claims, report};

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
    #[command(flatten)]
    checkpoint: CheckpointOptions,
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
            let name = format!(
                "{} (lambda = {}, d = {})",
                words.join(" "),
                model.load().exact(),
                model.d()
            );
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
    let checks = selection(&inputs, &options);
    let keeper = arguments.checkpoint.open(
        Run::of_suite(&inputs, &options),
        Progress::Verify(Vec::new()),
        |progress| fits(progress, checks.len()),
        |progress| {
            Some(finished(progress))
                .filter(|list| !list.is_empty())
                .map(|list| format!("{} of {} checks", list.len(), checks.len()))
        },
    )?;
    let earlier = finished(&keeper.progress());
    let bar = progress_bar(checks.len() as u64, arguments.quiet);
    bar.set_position(earlier.len() as u64);
    {
        let (keeper, inputs, options, bar) =
            (keeper.clone(), inputs.clone(), options.clone(), bar.clone());
        let (checkpoint, json) = (arguments.checkpoint.clone(), arguments.json);
        on_interrupt(move || {
            bar.finish_and_clear();
            checkpoint.interrupted(&keeper);
            // Nobody is left to tell of an output that cannot be written.
            let _ = report(&Suite::of(&inputs, &options, finished(&keeper.progress())), json);
        });
    }
    let results = suite::resume(UnderCheck::reference(), &inputs, &options, earlier, &|new| {
        keeper.update(|progress| {
            if let Progress::Verify(list) = progress {
                list.push(new.clone());
            }
        });
        bar.set_message(checks[new.at].0.id);
        bar.inc(1);
    });
    arguments.checkpoint.finished(&keeper);
    finishing();
    bar.finish_and_clear();
    report(&results, arguments.json)?;
    Ok(ExitCode::from(match results.outcome() {
        Outcome::AsExpected => 0,
        Outcome::SomeViolated => 1,
        Outcome::SomeInconclusive => 3,
    }))
}

/// The checks that a checkpoint has.
fn finished(progress: &Progress) -> Vec<Finished> {
    match progress {
        Progress::Verify(list) => list.clone(),
        _ => Vec::new(),
    }
}

/// Each check of the suite at most once.
fn fits(progress: &Progress, checks: usize) -> Result<(), String> {
    let Progress::Verify(list) = progress else {
        return Err("it keeps another kind of progress".to_owned());
    };
    let mut seen = vec![false; checks];
    for Finished { at, .. } in list {
        match seen.get_mut(*at) {
            Some(seen) if !*seen => *seen = true,
            Some(_) => return Err(format!("it has check {at} twice")),
            None => return Err(format!("it has check {at} of {checks}")),
        }
    }
    Ok(())
}

fn report(results: &Suite, json: bool) -> Result<(), Failure> {
    if json {
        print_json(&report::json::suite(results))
    } else {
        print(&report::table::suite(results))
    }
}

fn list(json: bool) -> Result<ExitCode, Failure> {
    if json {
        let rows: Vec<_> = claims::all()
            .map(|claim| {
                serde_json::json!({
                    "id": claim.id, "source": claim.source, "statement": claim.statement, "kind": claim.kind,
                    "expected": claim.expected, "rejects": claim.rejects,
                    "effect": claim.effect.as_ref(),
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
        if let Some(effect) = &claim.effect {
            let (smallest, observations, unit) =
                (effect.smallest, effect.observations, effect.unit);
            let _ =
                writeln!(text, "{:width$}  excludes {smallest}, by some {observations} {unit}", "");
        }
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
