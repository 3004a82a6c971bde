//! `fluidcheck explain`.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::common::{LookOptions, check_claims};
use super::output::{Failure, print_bytes, print_json};
use crate::claims;
use crate::report::explanation;
use crate::report::page::Page;

#[derive(Args)]
pub struct Arguments {
    /// Ids of claims, such as thm-3.8; without one, all claims are listed
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    look: LookOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    check_claims("explain", arguments.ids.iter())?;
    if arguments.ids.is_empty() {
        return list(arguments.look, arguments.json);
    }
    let claims = arguments.ids.iter().filter_map(|id| claims::find(id).ok());
    if arguments.json {
        print_json(&json!({ "claims": claims.map(explanation::object).collect::<Vec<_>>() }))?;
    } else {
        let mut page = Page::new(arguments.look.look());
        claims.for_each(|claim| explanation::explain(&mut page, claim));
        print_bytes(page.into_text().as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists every claim.
pub fn list(look: LookOptions, json: bool) -> Result<ExitCode, Failure> {
    if json {
        print_json(&json!({ "claims": claims::all().map(explanation::row).collect::<Vec<_>>() }))?;
    } else {
        let mut page = Page::new(look.look());
        explanation::list(&mut page);
        print_bytes(page.into_text().as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}
