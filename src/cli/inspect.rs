//! `fluidcheck inspect`.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::common::{SystemOptions, put_policy, rates_object, unequal_rates};
use super::compare_policies::{self, Compared, compare};
use super::output::{Failure, print, print_json};
use super::steady_state::{both, bounds, most_of_any_policy, value};
use crate::claims::{self, CheckOptions, Hypothesis};
use crate::estimate::bracketing::Samples;
use crate::graph::{BipartiteGraph, Isolated, metrics};
use crate::model::policy::{Base, Policy, Sampling};
use crate::model::sample_law::SampleLaw;
use crate::model::{Model, loads};
use crate::num::ratio::{self, Ratio};
use crate::report::page::one_line;
use crate::subject::Reference;
use crate::theory::delay::Certified;
use crate::theory::stability::{
    Addition, CriticalLoad, StabilityError, critical_load, critical_load_of, improve,
};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    system: SystemOptions,
    /// Suggest K edges that raise the critical load (greedy: each the best after those before it)
    #[arg(long, value_name = "K", allow_negative_numbers = true,
        value_parser = clap::value_parser!(u16).range(1..))]
    improve: Option<u16>,
    /// Compare jsq(D) with and without replacement, jsq(all) and random: critical load, and mean
    /// delay at lambda, exact on small graphs, else estimated with intervals
    #[arg(long)]
    compare_policies: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What is known of the stability.
struct Stability {
    /// Of the policy; an error where nothing is proved of it.
    own: Result<CriticalLoad, StabilityError>,
    /// What no policy exceeds, where nothing is proved of this one.
    most: Option<CriticalLoad>,
    /// For comparison, the policy's own included: the paper's with d = 1, 2, 3 and the chosen d,
    /// ascending; beside another policy those of every kind.
    rows: Vec<(Policy, CriticalLoad)>,
    /// The component of the bottleneck: its servers, and the critical load of the graph without it.
    component: Option<(usize, Option<CriticalLoad>)>,
    /// The upper bound that one more unit of service rate inside the bottleneck gives.
    relieved: Option<Ratio>,
    additions: Vec<Addition>,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let model = arguments.system.model()?;
    let stability = Stability::of(&model, arguments.improve)?;
    let compared = if arguments.compare_policies { compare(&model)? } else { Vec::new() };
    let failures = failures(&model);
    if arguments.json {
        print_json(&object(arguments, &model, &stability, &failures, &compared))?;
    } else {
        print(&table(arguments, &model, &stability, &failures, &compared))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The policies whose critical loads are shown, ascending by what they look at.
fn shown_policies(policy: &Policy) -> Result<Vec<Policy>, Failure> {
    if let Some(d) = policy.paper_d() {
        let mut choices = vec![1, 2, 3, d];
        choices.sort_unstable();
        choices.dedup();
        return Ok(choices.into_iter().map(Policy::jsq).collect::<Result<_, _>>()?);
    }
    let mut all = vec![
        policy.clone(),
        Policy::of_base(Base::Random)?,
        Policy::jsq(2)?,
        Policy::jsq_distinct(2)?,
        Policy::of_base(Base::JsqAll)?,
    ];
    let again = all[1..].iter().position(|other| other == policy);
    again.map(|at| all.remove(at + 1));
    Ok(all)
}

impl Stability {
    fn of(model: &Model, to_add: Option<u16>) -> Result<Self, Failure> {
        let (graph, policy) = (model.graph(), model.policy());
        let own = match critical_load_of(model) {
            Err(error @ StabilityError::NoEdges) => return Err(error.into()),
            other => other,
        };
        let mut rows = Vec::new();
        for shown in shown_policies(policy)? {
            if shown == *policy {
                rows.extend(own.as_ref().ok().map(|critical| (shown, critical.clone())));
            } else if let Some(law) = shown.sample_law() {
                rows.push((shown, critical_load(graph, law)?));
            }
        }
        let known = own.as_ref().ok();
        let relieved = known.and_then(|critical| {
            let upper = critical.exact.clone().or_else(|| Ratio::from_float(critical.upper));
            let size = critical.bottleneck.len();
            upper.map(|upper| upper * Ratio::new((size + 1).into(), size.into()))
        });
        let additions = match to_add {
            Some(count) => improve(graph, law_to_improve(policy)?, count.into())?,
            None => Vec::new(),
        };
        let component = known.and_then(|own| limiting_component(model, &own.bottleneck));
        let most = if known.is_none() { most_of_any_policy(model) } else { None };
        Ok(Self { most, rows, component, relieved, additions, own })
    }

    /// What the critical load says of the delay.
    fn certified(&self, model: &Model) -> Option<Certified> {
        Certified::new(model, self.own.as_ref().ok()?)
    }

    /// Whether there is a steady state, as far as that is known.
    fn stable(&self, model: &Model) -> Option<bool> {
        let lambda = model.load().exact();
        match &self.own {
            Ok(critical) => critical.stable(lambda),
            Err(_) => self.most.as_ref()?.stable(lambda).filter(|stable| !stable),
        }
    }
}

/// What edges are added by.
fn law_to_improve(policy: &Policy) -> Result<SampleLaw, Failure> {
    policy.sample_law().ok_or_else(|| {
        Failure::Message(format!(
            "--improve: no edge can be judged for `{policy}`: possible are jsq(D), jsq(all) and \
             random, without weights, on the lengths of now"
        ))
    })
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
    let rest = model.changed(rest.with_rates(&rates).ok()?, model.load().clone()).ok()?;
    let servers = components.of_server.iter().filter(|&&at| at == own).count();
    Some((servers, critical_load_of(&rest).ok()))
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

fn object(
    arguments: &Arguments,
    model: &Model,
    stability: &Stability,
    failures: &[(String, Vec<&'static str>)],
    compared: &[Compared],
) -> Value {
    let (graph, critical) = (model.graph(), stability.own.as_ref().ok());
    let (server, task) = (metrics::server_degrees(graph), metrics::task_degrees(graph));
    let (rho, phi, gamma) = (loads::rho(model), metrics::phi(graph), metrics::gamma(graph));
    let degrees = |d: &metrics::Degrees| json!({ "min": d.min, "mean": d.mean, "max": d.max });
    let names = |servers: &[u32]| servers.iter().map(|&v| graph.server_name(v)).collect::<Vec<_>>();
    let rows = stability.rows.iter().map(|(policy, critical)| {
        let mut value = bounds(critical);
        put_policy(&mut value, policy);
        value["bottleneck"] = json!(names(&critical.bottleneck));
        value
    });
    let rows: Vec<Value> = rows.collect();
    let by_d = model.policy().paper_d().map(|_| rows.clone());
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
    let certified = stability.certified(model);
    let most = certified.and_then(|certified| certified.at_most);
    let mut value = json!({
        "graph": arguments.system.graph,
        "lambda": model.lambda(),
        "kappa": certified.map(|certified| certified.kappa),
        "delay_bounds": most.map(|most| json!({
            "mean": most.mean.value, "p99": most.p99.value,
        })),
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
            "critical_lambda":
                critical.and_then(|critical| critical.exact.as_ref()).map(ToString::to_string),
        },
        "stable": stability.stable(model),
        "critical_lambda": critical.map(|critical| json!({
            "lower": critical.lower, "upper": critical.upper,
        })),
        "critical_lambda_of_any_policy_at_most": stability.most.as_ref().map(bounds),
        "critical_lambda_by_d": by_d,
        "critical_lambda_by_policy": rows,
        "bottleneck": critical.map(|critical| names(&critical.bottleneck)),
        "limiting_component": stability.component.as_ref().map(|(servers, rest)| json!({
            "servers": servers, "critical_lambda_without_it": rest.as_ref().map(bounds),
        })),
        "one_more_unit_of_service_in_the_bottleneck": relieved,
        "hypotheses_failed": hypotheses,
    });
    put_policy(&mut value, model.policy());
    if arguments.improve.is_some() {
        value["improve"] = json!(improve.collect::<Vec<_>>());
    }
    if arguments.compare_policies {
        value["compare_policies"] = compare_policies::object(compared);
    }
    value
}

fn table(
    arguments: &Arguments,
    model: &Model,
    stability: &Stability,
    failures: &[(String, Vec<&'static str>)],
    compared: &[Compared],
) -> String {
    let graph = model.graph();
    let (server, task) = (metrics::server_degrees(graph), metrics::task_degrees(graph));
    let isolated = graph.isolated_task_types().len();
    let mut text = String::new();
    let _ = writeln!(text, "{}", arguments.system.graph);
    let mut row = |name: &str, value: String| {
        // Labels may hold line ends.
        let _ = writeln!(text, "  {name:<26}{}", one_line(&value));
    };
    row("policy", model.policy().to_string());
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
    for (policy, critical) in &stability.rows {
        let whose = match (model.policy().paper_d(), policy.paper_d()) {
            (Some(_), Some(d)) => format!("d = {d}"),
            _ => policy.to_string(),
        };
        row("critical load", format!("{} for {whose}", value(critical)));
    }
    match (&stability.own, stability.stable(model)) {
        (Ok(_), stable) => {
            let steady = match stable {
                Some(true) => "yes: lambda is below the critical load",
                Some(false) => "none: lambda is at or above the critical load",
                None => "undecided: lambda is between the bounds on the critical load",
            };
            row("steady state", steady.to_owned());
        }
        (Err(_), Some(_)) => {
            let steady = "none: lambda is at or above the critical load of every policy";
            row("steady state", steady.to_owned());
        }
        (Err(error), None) => row("steady state", format!("not known: {error}")),
    }
    if let Some(Certified { kappa, at_most: Some(most) }) = stability.certified(model) {
        let (mean, p99) = (upwards(most.mean.value), upwards(most.p99.value));
        let text = format!("mean {mean:.3}, p99 {p99:.3} (kappa = {:.3}; FIFO)", upwards(kappa));
        row("delay at most", text);
    }
    if let Ok(critical) = &stability.own {
        row("bottleneck", graph.first_server_names(&critical.bottleneck));
        let (size, n, upper) = (critical.bottleneck.len(), graph.n_servers(), critical.upper);
        let limits = format!(
            "{size} of {n} servers, overloaded for lambda >= {upper:.6}, however tasks choose \
             among {}",
            chosen_among(model.policy())
        );
        row("what limits", limits);
    }
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
    if arguments.compare_policies {
        text.push_str(&compare_policies::table(model, compared));
    }
    text
}

/// What a task of a policy that joins a shortest of samples chooses among.
fn chosen_among(policy: &Policy) -> String {
    match policy.base() {
        Base::Jsq { d, sampling: Sampling::Replacement } => format!("their {d} samples"),
        Base::Jsq { d, sampling: Sampling::Distinct } => format!("their {d} different samples"),
        Base::JsqAll => "all their servers".to_owned(),
        _ => "their samples".to_owned(),
    }
}

/// Rounded up to three decimals, but for what a few roundings have added.
fn upwards(bound: f64) -> f64 {
    (bound * 1e3 * (1.0 - 1e-14)).ceil() / 1e3
}
