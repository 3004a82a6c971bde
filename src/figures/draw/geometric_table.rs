//! Section 5's table as a text that says no more than what was found on the realised graphs.

use std::fmt::Write;

use crate::figures::geometric_rows::{Row, is_last};
use crate::figures::{DegreeRule, SteadyState};

/// One line: how many of the graphs have a steady state.
pub(super) fn summary(rows: &[Row]) -> String {
    let count = |state| rows.iter().filter(|row| is_last(row) && row.steady_state == state).count();
    let undecided = match count(SteadyState::Undecided) {
        0 => String::new(),
        some => format!(", {some} undecided"),
    };
    format!(
        "{} geometric graphs have a steady state, {} have none{undecided}",
        count(SteadyState::Exists),
        count(SteadyState::None)
    )
}

/// The text in Markdown.
pub(super) fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    let Some(first) = rows.first() else { return text };
    let _ = writeln!(
        text,
        "# Section 5's geometric graphs: which have a steady state

One realisation of each graph (seed {}; M = N, two dimensions, Euclidean distance), lambda = {}, d = {}. Types without a server are isolated:
their tasks are lost, and all loads are for the tasks that are not. The critical load is known between two bounds: below the lower one the system
is ergodic, at or above the upper one it has no steady state (Remark 1, for samples with replacement).

| N | mean degree | isolated types | rho | phi | gamma | critical load | steady state at {} | Theorem 3.1 |
|---|---|---|---|---|---|---|---|---|",
        first.seed, first.lambda, first.d, first.lambda
    );
    for row in rows.iter().filter(|row| is_last(row)) {
        let theorem = if row.theorem_3_1_applies {
            "applies".to_owned()
        } else {
            format!("does not apply: {}", row.theorem_3_1_fails)
        };
        let _ = writeln!(
            text,
            "{} {} ({:.2} %) | {:.3} | {:.3} | {:.4} | [{:.4}, {:.4}] | {} | {theorem} |",
            head(row),
            row.isolated_task_types,
            100.0 * row.isolated_share,
            row.rho,
            row.phi,
            row.gamma,
            row.critical_lower,
            row.critical_upper,
            row.steady_state.name(),
        );
    }
    transients(&mut text, rows);
    steady_states(&mut text, rows);
    certificates(&mut text, rows);
    text
}

/// The first columns of every table.
fn head(row: &Row) -> String {
    format!("| {} | {} |", row.n, row.degree_rule.names().0)
}

/// What is seen where there is no steady state.
fn transients(text: &mut String, rows: &[Row]) {
    let transient: Vec<&Row> = rows.iter().filter(|row| row.time.is_some()).collect();
    if transient.is_empty() {
        return;
    }
    let of_interest =
        |row: &&Row| is_last(row) && matches!(row.degree_rule, DegreeRule::Three | DegreeRule::Log);
    let realised = rows.iter().filter(of_interest);
    let without = realised.clone().filter(|row| row.steady_state == SteadyState::None).count();
    let realised = realised.count();
    let _ = writeln!(
        text,
        "
## Where there is none: transients

The paper's figures 2 and 4 show geometric graphs of mean degree 3 and ln N \"in steady state\". At lambda = {}, {without} of the {realised} realisations of these degrees above
have no steady state. What a simulation shows of such a system is a transient: its figure depends on the length of the run. Mean queue lengths from empty at time t (in
mean service times), with 95 % intervals by Student's t over {} replications, of all systems that are not known to have a steady state; the fixed point q* has {:.4}:

| N | mean degree | steady state | t | mean queue length |
|---|---|---|---|---|",
        transient[0].lambda, transient[0].replications, transient[0].fixed_point,
    );
    for row in transient {
        let (state, time) = (row.steady_state.name(), row.time.unwrap_or_default());
        let Row { estimate, lower, upper, .. } = row;
        let length = format!("{estimate:.3} [{lower:.3}, {upper:.3}]");
        let _ = writeln!(text, "{} {state} | {time} | {length} |", head(row));
    }
    let _ = writeln!(
        text,
        "
That the mean at a fixed t falls with N makes no steady state: at each N without one it grows without bound as t does. All this is said of the graphs of
seed {}; others are a matter of `--seed`.",
        rows[0].seed
    );
}

/// Where there is one.
fn steady_states(text: &mut String, rows: &[Row]) {
    let steady: Vec<&Row> =
        rows.iter().filter(|row| row.steady_state == SteadyState::Exists).collect();
    if steady.is_empty() {
        return;
    }
    let outside = steady.iter().filter(|row| !row.theorem_3_1_applies).count();
    let _ = writeln!(
        text,
        "
## Where there is one: the distance from q*

{} of these {} graphs do not meet the hypotheses of Theorem 3.1, {} of them because rho >= 1: rho is the load of the busiest server under random routing, and two choices can carry
more. The theorem then says nothing at these N. Its left-hand side, D = E sum_i (q_i - q*_i)^2 in steady state, measured from below and from above, with
95 % intervals by Student's t over {} replications:

| N | mean degree | Theorem 3.1 | D | mean queue length |
|---|---|---|---|---|",
        outside,
        steady.len(),
        steady.iter().filter(|row| row.rho >= 1.0).count(),
        steady[0].replications,
    );
    for row in &steady {
        let theorem = if row.theorem_3_1_applies { "applies" } else { "does not apply" };
        let Row { distance, distance_lower, distance_upper, estimate, lower, upper, .. } = row;
        let distance = format!("{distance:.2e} [{distance_lower:.2e}, {distance_upper:.2e}]");
        let length = format!("{estimate:.4} [{lower:.4}, {upper:.4}]");
        let _ = writeln!(text, "{} {theorem} | {distance} | {length} |", head(row));
    }
    let _ = writeln!(
        text,
        "
Where D falls with N the theorem's conclusion, convergence to q*, appears to hold although its hypothesis is not met: a measurement on these graphs, not a proof."
    );
}

/// How anybody checks that there is none.
fn certificates(text: &mut String, rows: &[Row]) {
    let unstable: Vec<&Row> =
        rows.iter().filter(|row| is_last(row) && row.bottleneck_file.is_some()).collect();
    let Some(example) = unstable.first() else { return };
    let _ = writeln!(
        text,
        "
## Certificates

A set S of servers is sent lambda f(S) tasks per mean service time that nobody else can serve, f(S) = (N / M) sum_w (|S ∩ N_w| / d_w)^d, and serves at most |S|. If lambda f(S) >= |S|
there is no steady state: the tasks in S increase, in the mean, by the excess at least. The sets are in the files, a server a line.

| N | mean degree | servers in S | lambda f(S) | upper bound on the critical load | file |
|---|---|---|---|---|---|"
    );
    for row in &unstable {
        let (servers, file) =
            (row.bottleneck_servers, row.bottleneck_file.as_deref().unwrap_or_default());
        let (rate, upper) = (row.bottleneck_rate, row.critical_upper);
        let _ = writeln!(text, "{} {servers} | {rate:.4} | {upper:.4} | `{file}` |", head(row));
    }
    let _ = writeln!(
        text,
        "
To check one, make its graph and add up fractions (M = N here):

```sh
fluidcheck generate {} --graph-seed {} --isolated drop -o graph.csv
```

```python
import collections, csv, fractions
S = set(open(\"{}\").read().split())
servers_of = collections.defaultdict(set)
for v, w in list(csv.reader(open(\"graph.csv\")))[1:]:
    if v and w: servers_of[w].add(v)
f = sum(fractions.Fraction(len(S & of_type), len(of_type)) ** {} for of_type in servers_of.values())
print(len(S), \"servers,\", f * 4 / 5, \"tasks:\", \"no steady state\" if f * 4 / 5 >= len(S) else \"proves nothing\")
```

The lower bounds rest on a split of the work of every type over its servers that two choices can reach; `fluidcheck inspect` finds one again.",
        example.graph,
        example.seed,
        example.bottleneck_file.as_deref().unwrap_or_default(),
        example.d
    );
}
