//! `fluidcheck generate`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::common::{FormatName, GraphOptions};
use super::interrupt::{finishing, on_interrupt, say};
use super::output::{Failure, print, print_bytes};
use crate::graph::format::{self, Format};

#[derive(Args)]
pub struct Arguments {
    /// Graph spec, or a file to convert
    #[arg(value_name = "GRAPH")]
    graph: String,
    #[command(flatten)]
    options: GraphOptions,
    /// File to write; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Format to write [default: from the file extension]
    #[arg(long, value_enum)]
    to: Option<FormatName>,
    /// Print nothing
    #[arg(long)]
    quiet: bool,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let to_stdout = arguments.output.as_os_str() == "-";
    let to = match arguments.to {
        Some(name) => Format::from(name),
        None if to_stdout => Format::EdgeList,
        // Before the work: a graph that cannot be written need not be made.
        None => Format::of_path(&arguments.output)?,
    };
    let graph = arguments.options.load(&arguments.graph)?;
    if to_stdout {
        let mut text = Vec::new();
        format::write(&graph, to, &mut text)?;
        print_bytes(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    format::write_path_by_way_of(&graph, &arguments.output, Some(to), |temporary| {
        let temporary = temporary.to_owned();
        on_interrupt(move || {
            // Gone already if the file has got its final name.
            let _ = fs::remove_file(temporary);
            say("interrupted");
        });
    })?;
    finishing();
    if !arguments.quiet {
        let (n, m, edges) = (graph.n_servers(), graph.n_task_types(), graph.n_edges());
        let file = arguments.output.display();
        print(&format!("{file}: {n} servers, {m} task types, {edges} edges\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}
