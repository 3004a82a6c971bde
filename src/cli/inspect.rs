//! `fluidcheck inspect`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::common::{SystemOptions, rates_object, unequal_rates};
use super::output::{Failure, print, print_json};
use super::steady_state::{both, value};
use crate::claims::{self, CheckOptions, Hypothesis};
use crate::estimate::bracketing::Samples;
use crate::graph::{BipartiteGraph, Isolated, metrics};
use crate::model::{Model, loads};
use crate::num::ratio::{self, Ratio};
use crate::report::page::one_line;
use crate::subject::Reference;
use crate::theory::stability::{Addition, CriticalLoad, critical_load, improve};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    system: SystemOptions,
    /// Suggest K edges that raise the critical load (greedy: each the best after those before it)
    #[arg(long, value_name = "K", allow_negative_numbers = true,
        value_parser = clap::value_parser!(u16).range(1..))]
    improve: Option<u16>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What is known of the stability.
struct Stability {
    /// d = 1, 2, 3 and the chosen d, ascending.
    by_d: Vec<(u32, CriticalLoad)>,
    /// The component of the bottleneck: its servers, and the critical load of the graph without it.
    component: Option<(usize, Option<CriticalLoad>)>,
    /// The upper bound that one more unit of service rate inside the bottleneck gives.
    relieved: Option<Ratio>,
    additions: Vec<Addition>,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let model = arguments.system.model()?;
    let graph = model.graph();
    let choices = BTreeSet::from([1, 2, 3, model.d()]);
    let of = |d| Ok::<_, Failure>((d, critical_load(graph, d)?));
    let by_d = choices.into_iter().map(of).collect::<Result<Vec<_>, _>>()?;
    let critical = chosen(&by_d, model.d());
    let upper = critical.exact.clone().or_else(|| Ratio::from_float(critical.upper));
    let size = critical.bottleneck.len();
    let stability = Stability {
        component: limiting_component(&model, &critical.bottleneck),
        relieved: upper.map(|upper| upper * Ratio::new((size + 1).into(), size.into())),
        additions: match arguments.improve {
            Some(count) => improve(graph, model.d(), count.into())?,
            None => Vec::new(),
        },
        by_d,
    };
    let failures = failures(&model);
    if arguments.json {
        print_json(&object(arguments, &model, &stability, &failures))?;
    } else {
        print(&table(arguments, &model, &stability, &failures))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn chosen(by_d: &[(u32, CriticalLoad)], d: u32) -> &CriticalLoad {
    &by_d.iter().find(|(other, _)| *other == d).expect("by_d has every choice of which d is one").1
}

/// Only where there are several, and the rest is not too large to look at again.
fn limiting_component(model: &Model, bottleneck: &[u32]) -> Option<(usize, Option<CriticalLoad>)> {
    let graph = model.graph();
    let components = metrics::components(graph);
    if components.count < 2 || graph.n_edges() > 1_000_000 {
        return None;
    }
    let own = components.of_server[*bottleneck.first()? as usize];
    let others = |&(v, _): &(u32, u32)| components.of_server[v as usize] != own;
    let edges: Vec<_> = graph.iter_edges().filter(others).collect();
    let (n, m) = (graph.n_servers(), graph.n_task_types());
    let rest = BipartiteGraph::from_edges(n, m, &edges, Isolated::Drop).ok()?;
    let rates: Vec<_> = (0..m).map(|w| graph.relative_rate(w)).collect();
    let rest = rest.with_rates(&rates).ok()?;
    let servers = components.of_server.iter().filter(|&&at| at == own).count();
    Some((servers, critical_load(&rest, model.d()).ok()))
}

/// The hypotheses that fail with their figures, and the claims that have them.
fn failures(model: &Model) -> Vec<(String, Vec<&'static str>)> {
    use Hypothesis::{
        EqualRates, NoIsolatedTaskTypes, PhiAndGammaAtMostOne, RhoBelowOne, TwoChoices,
    };
    let samples = Samples::new(&Reference, model, 1, 1);
    let setting = CheckOptions::default().setting(&Reference, model, &samples);
    let all = [EqualRates, RhoBelowOne, PhiAndGammaAtMostOne, NoIsolatedTaskTypes, TwoChoices];
    let of = |hypothesis: &Hypothesis| {
        let claims = claims::all().filter(|claim| claim.hypotheses.contains(hypothesis));
        claims.map(|claim| claim.id).collect()
    };
    let failure = |hypothesis: &Hypothesis| Some((hypothesis.failure(&setting)?, of(hypothesis)));
    all.iter().filter_map(failure).collect()
}

fn bounds(critical: &CriticalLoad) -> Value {
    json!({
        "lower": critical.lower,
        "upper": critical.upper,
        "exact": critical.exact.as_ref().map(ToString::to_string),
    })
}

fn object(
    arguments: &Arguments,
    model: &Model,
    stability: &Stability,
    failures: &[(String, Vec<&'static str>)],
) -> Value {
    let graph = model.graph();
    let critical = chosen(&stability.by_d, model.d());
    let (server, task) = (metrics::server_degrees(graph), metrics::task_degrees(graph));
    let (rho, phi, gamma) = (loads::rho(model), metrics::phi(graph), metrics::gamma(graph));
    let degrees = |d: &metrics::Degrees| json!({ "min": d.min, "mean": d.mean, "max": d.max });
    let names = |servers: &[u32]| servers.iter().map(|&v| graph.server_name(v)).collect::<Vec<_>>();
    let by_d = stability.by_d.iter().map(|(d, critical)| {
        let mut value = bounds(critical);
        value["d"] = json!(d);
        value["bottleneck"] = json!(names(&critical.bottleneck));
        value
    });
    let improve = stability.additions.iter().map(|addition| {
        let mut value = bounds(&addition.critical);
        value["server"] = json!(graph.server_name(addition.server));
        value["task_type"] = json!(graph.task_type_name(addition.task_type));
        value["tried"] = json!(addition.tried);
        value["all_tried"] = json!(addition.all_tried);
        value
    });
    let isolated = graph.isolated_task_types().iter().map(|&w| graph.task_type_name(w));
    let isolated: Vec<_> = isolated.collect();
    let hypotheses = failures.iter().map(|(why, ids)| json!({ "why": why, "claims": ids }));
    let hypotheses: Vec<_> = hypotheses.collect();
    let both = |value: &Ratio| json!({ "upper": ratio::to_f64(value), "exact": value.to_string() });
    let relieved = stability.relieved.as_ref().map(both);
    let mut value = json!({
        "graph": arguments.system.graph,
        "lambda": model.lambda(),
        "d": model.d(),
        "servers": graph.n_servers(),
        "task_types": graph.n_task_types(),
        "edges": graph.n_edges(),
        "server_degrees": degrees(&server),
        "task_degrees": degrees(&task),
        "isolated_task_types": isolated,
        "rates": rates_object(graph),
        "components": metrics::components(graph).count,
        "regular": metrics::is_regular(graph),
        "rho": ratio::to_f64(&rho),
        "phi": ratio::to_f64(&phi),
        "gamma": ratio::to_f64(&gamma),
        "exact": {
            "rho": rho.to_string(), "phi": phi.to_string(), "gamma": gamma.to_string(),
            "critical_lambda": critical.exact.as_ref().map(ToString::to_string),
        },
        "stable": critical.stable(model.load().exact()),
        "critical_lambda": { "lower": critical.lower, "upper": critical.upper },
        "critical_lambda_by_d": by_d.collect::<Vec<_>>(),
        "bottleneck": names(&critical.bottleneck),
        "limiting_component": stability.component.as_ref().map(|(servers, rest)| json!({
            "servers": servers, "critical_lambda_without_it": rest.as_ref().map(bounds),
        })),
        "one_more_unit_of_service_in_the_bottleneck": relieved,
        "hypotheses_failed": hypotheses,
    });
    if arguments.improve.is_some() {
        value["improve"] = json!(improve.collect::<Vec<_>>());
    }
    value
}

fn table(
    arguments: &Arguments,
    model: &Model,
    stability: &Stability,
    failures: &[(String, Vec<&'static str>)],
) -> String {
    let graph = model.graph();
    let critical = chosen(&stability.by_d, model.d());
    let (server, task) = (metrics::server_degrees(graph), metrics::task_degrees(graph));
    let isolated = graph.isolated_task_types().len();
    let mut text = String::new();
    let _ = writeln!(text, "{}", arguments.system.graph);
    let mut row = |name: &str, value: String| {
        // Labels may hold line ends.
        let _ = writeln!(text, "  {name:<26}{}", one_line(&value));
    };
    row("servers N", graph.n_servers().to_string());
    row("task types M", graph.n_task_types().to_string());
    row("edges", graph.n_edges().to_string());
    row("server degrees", format!("{} to {}, mean {:.3}", server.min, server.max, server.mean));
    row("task degrees", format!("{} to {}, mean {:.3}", task.min, task.max, task.mean));
    let lost =
        if isolated == 0 { "none".to_owned() } else { format!("{isolated}, their tasks are lost") };
    row("isolated task types", lost);
    if let Some(rates) = unequal_rates(graph) {
        row("arrival rates", rates);
    }
    row("components", metrics::components(graph).count.to_string());
    let regular = if metrics::is_regular(graph) { "yes" } else { "no" };
    row("regular (Definition 3.5)", regular.to_owned());
    row("rho(G)", format!("{} at lambda = {}", both(&loads::rho(model)), model.load().exact()));
    row("phi(G)", both(&metrics::phi(graph)));
    row("gamma(G)", both(&metrics::gamma(graph)));
    for (d, critical) in &stability.by_d {
        row("critical load", format!("{} for d = {d}", value(critical)));
    }
    let steady = match critical.stable(model.load().exact()) {
        Some(true) => "yes: lambda is below the critical load",
        Some(false) => "none: lambda is at or above the critical load",
        None => "undecided: lambda is between the bounds on the critical load",
    };
    row("steady state", steady.to_owned());
    row("bottleneck", graph.first_server_names(&critical.bottleneck));
    let (size, n, upper, d) =
        (critical.bottleneck.len(), graph.n_servers(), critical.upper, model.d());
    let limits = format!(
        "{size} of {n} servers, overloaded for lambda >= {upper:.6}, however tasks choose among \
         their {d} samples"
    );
    row("what limits", limits);
    if let Some((servers, rest)) = &stability.component {
        let rest = match rest {
            None => "the others receive no task".to_owned(),
            Some(rest) => format!("{} without it", value(rest)),
        };
        row("limiting component", format!("{servers} servers; {rest}"));
    }
    if let Some(relieved) = stability.relieved.as_ref().map(both) {
        let most = format!(
            "critical load at most {relieved} with one more unit of service rate at one of its \
             servers"
        );
        row("relieving the bottleneck", most);
    }
    for (at, addition) in (1..).zip(&stability.additions) {
        let server = graph.first_server_names(&[addition.server]);
        let task_type = graph.task_type_name(addition.task_type);
        let tried = if addition.all_tried { "all" } else { "some" };
        let best = format!(
            "server {server}, task type {task_type}: {} ({tried} {} edges tried)",
            value(&addition.critical),
            addition.tried
        );
        row(&format!("edge {at} to add (greedy)"), best);
    }
    for (why, claims) in failures {
        let ids = claims.join(", ");
        let named = if ids.is_empty() { ids } else { format!(" ({ids})") };
        row("hypothesis not met", format!("{why}{named}"));
    }
    text
}
