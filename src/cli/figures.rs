//! `fluidcheck figures`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;

use super::long_run::bar;
use super::output::{Failure, print, print_json};
use crate::figures::draw::Figure;
use crate::figures::study::{LEAST_N, MOST_N};
use crate::figures::{CONFIDENCE, D, LAMBDA, Options, Study};

#[derive(Args)]
pub struct Arguments {
    /// Folder for the files, created if missing; other files in it are left alone
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Write only these: fig-1, fig-2, fig-3, fig-4, section-5
    #[arg(long, value_delimiter = ',', value_name = "ID", value_parser = figure)]
    only: Vec<Figure>,
    /// Largest N; the paper has 100000, which takes about ten times as long as 10000
    #[arg(long, default_value_t = 10_000, value_name = "N", allow_negative_numbers = true,
        value_parser = clap::value_parser!(u32).range(i64::from(LEAST_N)..=i64::from(MOST_N)))]
    max_n: u32,
    /// Seed of the graphs and the simulations
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    seed: u64,
    /// Number of replications of each estimate
    #[arg(long, default_value_t = 8, allow_negative_numbers = true,
        value_parser = clap::value_parser!(u64).range(2..=100_000))]
    replications: u64,
    /// Also print the contents of the CSV files as one JSON object
    #[arg(long)]
    json: bool,
    /// Print nothing and show no progress bar
    #[arg(long)]
    quiet: bool,
}

fn figure(text: &str) -> Result<Figure, String> {
    Figure::find(text).ok_or_else(|| {
        format!("no such figure: the figures are {}", Figure::ALL.map(Figure::id).join(", "))
    })
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let folder = &arguments.output;
    let refused = |reason: &str| Failure::Message(format!("{}: {reason}", folder.display()));
    if folder.exists() && !folder.is_dir() {
        return Err(refused("is a file: name a folder"));
    }
    fs::create_dir_all(folder)
        .map_err(|error| refused(&format!("cannot create this folder: {error}")))?;
    let Arguments { seed, max_n, replications, .. } = *arguments;
    let study = Study::new(Options { seed, max_n, replications });
    let all = arguments.only.is_empty();
    let figures = if all { &Figure::ALL[..] } else { &arguments.only };
    let figures: BTreeSet<Figure> = figures.iter().copied().collect();
    let bar = progress(&figures, &study, arguments.quiet);
    let mut rows = BTreeMap::new();
    for figure in figures {
        let made = figure.make(&study, &|system| {
            bar.set_message(format!(", last: {}", system.spec()));
            bar.inc(1);
        })?;
        let mut names = Vec::new();
        for (name, content) in &made.files {
            let path = folder.join(name);
            write(folder, &path, content).map_err(|error| {
                Failure::Message(format!("{}: cannot write: {error}", path.display()))
            })?;
            names.push(name.as_str());
        }
        if !arguments.quiet && !arguments.json {
            let line = format!("{}: {} ({})\n", figure.id(), made.summary, names.join(", "));
            bar.suspend(|| print(&line))?;
        }
        rows.insert(figure.id(), made.rows);
    }
    bar.finish_and_clear();
    if arguments.json {
        print_json(&json!({
            "seed": seed,
            "max_n": max_n,
            "replications": replications,
            "lambda": LAMBDA,
            "policy": format!("jsq({D}), replacement"),
            "d": D,
            "confidence": CONFIDENCE,
            "figures": rows,
        }))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The file appears under its name only when it is complete.
fn write(folder: &Path, path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    // Temporary files are private by default; a figure is as open as any other file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A bar over the systems, each of which is measured once but for those of figure 3.
fn progress(figures: &BTreeSet<Figure>, study: &Study, quiet: bool) -> ProgressBar {
    let (paths, states): (Vec<Figure>, Vec<Figure>) =
        figures.iter().partition(|&&figure| figure == Figure::Fig3);
    let measured: BTreeSet<_> = states.iter().flat_map(|figure| figure.systems(study)).collect();
    let simulated: usize = paths.iter().map(|figure| figure.systems(study).len()).sum();
    bar((measured.len() + simulated) as u64, "systems", quiet)
}
