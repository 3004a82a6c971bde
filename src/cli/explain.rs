//! `fluidcheck explain`.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::common::{LookOptions, check_claims};
use super::output::{Failure, print_bytes, print_json};
use crate::claims;
use crate::report::page::Page;
use crate::report::{explanation, policies};

/// What is explained beside the claims.
const POLICIES: &str = "policies";

#[derive(Args)]
pub struct Arguments {
    /// Ids of claims, such as thm-3.8, or `policies` for the items of --policy; without one, all
    /// claims are listed
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    look: LookOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let is_policies = |id: &&String| *id == POLICIES;
    check_claims("explain", arguments.ids.iter().filter(|id| !is_policies(id)))?;
    let with_policies = arguments.ids.iter().any(|id| is_policies(&id));
    if arguments.ids.is_empty() {
        return list(arguments.look, arguments.json);
    }
    let claims = arguments.ids.iter().filter_map(|id| claims::find(id).ok());
    if arguments.json {
        let mut value = json!({ "claims": claims.map(explanation::object).collect::<Vec<_>>() });
        if with_policies {
            value["policies"] = policies::object();
        }
        print_json(&value)?;
    } else {
        let mut page = Page::new(arguments.look.look());
        if with_policies {
            policies::explain(&mut page);
        }
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
