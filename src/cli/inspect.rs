//! `fluidcheck inspect`.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::common::{GraphOptions, ModelOptions, rates_object, unequal_rates};
use super::output::{Failure, print, print_json};
use fluidcheck::claims::{self, CasePlan, Hypothesis, Setting};
use fluidcheck::graph::{metrics, stability};
use fluidcheck::ratio;
use fluidcheck::stationary::Samples;
use fluidcheck::subject::Reference;

#[derive(Args)]
pub struct Arguments {
    /// Graph file or spec
    #[arg(value_name = "GRAPH")]
    graph: String,
    #[command(flatten)]
    options: GraphOptions,
    #[command(flatten)]
    model: ModelOptions,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    arguments.model.load()?;
    let graph = arguments.options.load(&arguments.graph)?;
    let model = arguments.model.model(graph)?;
    let graph = model.graph();
    let components = metrics::components(graph);
    let regular = metrics::is_regular(graph);
    let (rho, phi, gamma) = (metrics::rho(&model), metrics::phi(graph), metrics::gamma(graph));
    let critical = stability::critical_load(graph, model.d())?;
    let stable = critical.stable(model.load().exact());
    let isolated: Vec<_> = graph.isolated_task_types().iter().map(|&w| graph.task_type_name(w)).collect();
    let bottleneck: Vec<_> = critical.bottleneck.iter().map(|&v| graph.server_name(v)).collect();
    let (server, task) = (metrics::server_degrees(graph), metrics::task_degrees(graph));
    if arguments.json {
        let degrees = |d: &metrics::Degrees| json!({ "min": d.min, "mean": d.mean, "max": d.max });
        print_json(&json!({
            "graph": arguments.graph,
            "lambda": model.lambda(),
            "d": model.d(),
            "servers": graph.n_servers(),
            "task_types": graph.n_task_types(),
            "edges": graph.n_edges(),
            "server_degrees": degrees(&server),
            "task_degrees": degrees(&task),
            "isolated_task_types": isolated,
            "rates": rates_object(graph),
            "components": components.count,
            "regular": regular,
            "rho": ratio::to_f64(&rho),
            "phi": ratio::to_f64(&phi),
            "gamma": ratio::to_f64(&gamma),
            "exact": {
                "rho": rho.to_string(), "phi": phi.to_string(), "gamma": gamma.to_string(),
                "critical_lambda": critical.exact.as_ref().map(ToString::to_string),
            },
            "stable": stable,
            "critical_lambda": { "lower": critical.lower, "upper": critical.upper },
            "bottleneck": bottleneck,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    let _ = writeln!(text, "{}", arguments.graph);
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<26}{value}");
    };
    row("servers N", graph.n_servers().to_string());
    row("task types M", graph.n_task_types().to_string());
    row("edges", graph.n_edges().to_string());
    row("server degrees", format!("{} to {}, mean {:.3}", server.min, server.max, server.mean));
    row("task degrees", format!("{} to {}, mean {:.3}", task.min, task.max, task.mean));
    row(
        "isolated task types",
        if isolated.is_empty() { "none".to_owned() } else { format!("{}, their tasks are lost", isolated.len()) },
    );
    if let Some(rates) = unequal_rates(graph) {
        row("arrival rates", rates);
    }
    row("components", components.count.to_string());
    row("regular (Definition 3.5)", if regular { "yes" } else { "no" }.to_owned());
    row("rho(G)", format!("{} at lambda = {}", both(&rho), model.load().exact()));
    row("phi(G)", both(&phi));
    row("gamma(G)", both(&gamma));
    let critical_text = match &critical.exact {
        Some(exact) => format!("{} for d = {}", both(exact), model.d()),
        None => format!("in [{:.6}, {:.6}] for d = {}", critical.lower, critical.upper, model.d()),
    };
    row("critical load", critical_text);
    row(
        "steady state",
        match stable {
            Some(true) => "yes: lambda is below the critical load".to_owned(),
            Some(false) => "none: lambda is at or above the critical load".to_owned(),
            None => "undecided: lambda is between the bounds on the critical load".to_owned(),
        },
    );
    let shown = bottleneck.iter().take(10).cloned().collect::<Vec<_>>().join(", ");
    let more = if bottleneck.len() > 10 { format!(" and {} more", bottleneck.len() - 10) } else { String::new() };
    row("bottleneck", if bottleneck.is_empty() { "none".to_owned() } else { format!("{shown}{more}") });
    let plan = CasePlan { seed: 1, effort: 1, only: None };
    let samples = Samples::new(&Reference, &model, 1, 1);
    let setting = Setting { subject: &Reference, machinery: &Reference, model: &model, plan, alpha: 1e-6, samples: &samples };
    let hypotheses = [
        Hypothesis::EqualRates,
        Hypothesis::RhoBelowOne,
        Hypothesis::PhiAndGammaAtMostOne,
        Hypothesis::NoIsolatedTaskTypes,
        Hypothesis::TwoChoices,
    ];
    for why in hypotheses.iter().filter_map(|hypothesis| hypothesis.failure(&setting)) {
        row("a hypothesis fails", why);
    }
    print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// A fraction and its decimal.
fn both(value: &ratio::Ratio) -> String {
    let decimal = format!("{:.6}", ratio::to_f64(value));
    let exact = claims::show(value);
    if exact == decimal { decimal } else { format!("{exact} = {decimal}") }
}
