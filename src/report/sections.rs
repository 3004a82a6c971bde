//! The results of a suite for people: section by section as they come, then what is not as
//! expected, then the totals.
//!
//! | section | holds |
//! |---|---|
//! | a [`Group`] | the claims of some statements of the paper, in one paragraph |
//! | a claim | the same, claim by claim, where more is asked for |
//! | errata | the printed statements that must be refuted |

use std::collections::{BTreeMap, BTreeSet};

use crate::claims::{self, Claim, Erratum, Group, Kind, Verdict};
use crate::stats::ledger::Ledger;
use crate::suite::{Outcome, Row, Suite, is_erratum, tally};

use super::page::Tone::{Bad, Faint, Good, Open, Plain, Strong};
use super::page::{Look, Page, Tone};

/// Statistical checks whose evidence is printed: more are only asked for by a verbose report.
const FEW: usize = 12;

/// The width of a verdict and the space after it.
const VERDICT: usize = 14;

/// What a check may say where it applies, the worst first.
const FINDINGS: [Verdict; 4] =
    [Verdict::Crashed, Verdict::Violated, Verdict::Inconclusive, Verdict::Holds];

/// What a section is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Group(Group),
    Claim(usize),
    Errata,
}

struct Section {
    about: About,
    /// How many checks it has.
    checks: usize,
    /// Those that have ended.
    rows: Vec<Row>,
}

/// A report that is printed section by section, each as soon as its checks and those of the
/// sections before it have ended.
pub struct Report {
    /// The first line, as long as it is not printed.
    title: Option<String>,
    look: Look,
    verbose: bool,
    sections: Vec<Section>,
    printed: usize,
}

impl Report {
    /// A report on checks of these claims, one for each check; `title` is its first line.
    pub fn new(
        title: Option<String>,
        checks: impl IntoIterator<Item = &'static Claim>,
        look: Look,
        verbose: bool,
    ) -> Self {
        let mut report = Self { title, look, verbose, sections: Vec::new(), printed: 0 };
        for claim in checks {
            let about = report.about(claim);
            match report.sections.binary_search_by_key(&about, |section| section.about) {
                Ok(at) => report.sections[at].checks += 1,
                Err(at) => {
                    report.sections.insert(at, Section { about, checks: 1, rows: Vec::new() });
                }
            }
        }
        report
    }

    fn about(&self, claim: &Claim) -> About {
        if self.verbose {
            About::Claim(claims::all().position(|other| other.id == claim.id).unwrap_or(0))
        } else if is_erratum(claim) {
            About::Errata
        } else {
            About::Group(Group::of(claim))
        }
    }

    /// A page, with the title if anything is to follow it.
    fn page(&mut self, is_used: bool) -> Page {
        let mut page = Page::new(self.look);
        if is_used && let Some(title) = self.title.take() {
            page.paragraph(2, &[(Strong, &title)]);
        }
        page
    }

    /// Takes a finished check; the sections that can be printed now.
    pub fn finished(&mut self, row: Row) -> String {
        let about = self.about(row.claim);
        if let Some(section) = self.sections.iter_mut().find(|section| section.about == about) {
            section.rows.push(row);
        }
        let mut page = self.page(self.sections.get(self.printed).is_some_and(Section::is_whole));
        while let Some(section) = self.sections.get(self.printed)
            && section.is_whole()
        {
            section.print(&mut page);
            self.printed += 1;
        }
        page.into_text()
    }

    /// All that has not been printed: further sections, what is not as expected, the totals.
    pub fn rest(&mut self, suite: &Suite) -> String {
        let mut page = self.page(true);
        for at in self.printed..self.sections.len() {
            let about = self.sections[at].about;
            let rows = suite.rows.iter().filter(|row| self.about(row.claim) == about);
            self.sections[at].rows = rows.cloned().collect();
            self.sections[at].print(&mut page);
        }
        self.printed = self.sections.len();
        not_applicable(&mut page, suite);
        statistical_evidence(&mut page, suite, self.verbose);
        for row in suite.rows.iter().filter(|row| !row.is_expected()) {
            details(&mut page, row);
        }
        totals(&mut page, suite, self.verbose);
        page.into_text()
    }
}

/// The whole report at once.
pub fn text(suite: &Suite, look: Look, verbose: bool) -> String {
    Report::new(None, suite.rows.iter().map(|row| row.claim), look, verbose).rest(suite)
}

impl Section {
    fn is_whole(&self) -> bool {
        self.rows.len() == self.checks
    }

    fn print(&self, page: &mut Page) {
        if self.rows.is_empty() {
            return;
        }
        match self.about {
            About::Group(group) => self.print_group(page, group),
            About::Claim(_) => self.print_claim(page),
            About::Errata => self.print_errata(page),
        }
    }

    /// Statement, verdict, checks, and what a pass excludes.
    fn print_group(&self, page: &mut Page, group: Group) {
        let (tone, verdict) = overall(&self.rows);
        let verdict = column(verdict);
        let mut rest = format!(" ({}", self.count());
        let applicable = count(&self.rows, is_applicable);
        if applicable > 0 && applicable < self.rows.len() {
            rest.push_str(&format!(", {} not applicable", self.rows.len() - applicable));
        }
        rest.push(')');
        let found = [self.unexpected(), self.excluded(), self.vacuous()];
        let found: Vec<_> = found.into_iter().flatten().collect();
        if !found.is_empty() {
            rest.push_str(": ");
            rest.push_str(&found.join("; "));
        }
        page.paragraph(VERDICT, &[(tone, &verdict), (Strong, &group.title()), (Plain, &rest)]);
    }

    /// `28 checks`, or `3 of 28 checks` where the others are missing.
    fn count(&self) -> String {
        if self.is_whole() {
            number(self.checks, "check")
        } else {
            format!("{} of {}", self.rows.len(), number(self.checks, "check"))
        }
    }

    fn unexpected(&self) -> Option<String> {
        let mut parts = Vec::new();
        for (claim, rows) in by_claim(&self.rows) {
            for verdict in FINDINGS {
                let n = rows.iter().filter(|row| row.evidence.verdict == verdict).count();
                if n > 0 && !claim.is_expected(verdict) {
                    parts.push(format!("{} {verdict} in {}", claim.id, number(n, "check")));
                }
            }
            let n = rows.iter().filter(|row| row.is_unforeseen && !is_applicable(row)).count();
            if n > 0 {
                let checks = number(n, "check");
                parts.push(format!("{} not applicable in {checks}, unexpectedly", claim.id));
            }
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// What a system of which these claims hold cannot be.
    fn excluded(&self) -> Option<String> {
        let (mut cases, mut effects) = (0u64, Vec::new());
        for (claim, rows) in by_claim(&self.rows) {
            let holds = rows.iter().any(|row| row.evidence.verdict == Verdict::Holds);
            if !holds || is_vacuous(&rows) || !rows.iter().all(|row| row.is_expected()) {
                continue;
            }
            match &claim.effect {
                Some(effect) => effects.push(format!("{} ({})", effect.smallest, claim.id)),
                None => cases = cases.saturating_add(cases_in(&rows)),
            }
        }
        let mut parts = Vec::new();
        if cases > 0 {
            parts.push(format!("no counterexample in {}", cases_of(cases)));
        }
        if !effects.is_empty() {
            parts.push(format!("excludes {}", effects.join("; ")));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    fn vacuous(&self) -> Option<String> {
        let vacuous = by_claim(&self.rows).into_iter().filter(|(_, rows)| is_vacuous(rows));
        let ids: Vec<_> = vacuous.map(|(claim, _)| claim.id).collect();
        (!ids.is_empty()).then(|| format!("the bound is trivial here: {}", ids.join(", ")))
    }

    /// One claim with its figures.
    fn print_claim(&self, page: &mut Page) {
        for (claim, rows) in by_claim(&self.rows) {
            let slack = rows.iter().filter_map(|row| row.evidence.slack).min_by(f64::total_cmp);
            let mut figures = format!("  {}, {}", claim.kind, cases_of(cases_in(&rows)));
            if let Some(slack) = slack {
                figures.push_str(&format!(", slack {}", figure(slack)));
            }
            let id = format!("{:28}  ", claim.id);
            let verdicts = verdicts(claim, &rows);
            let tone = overall(&self.rows).0;
            page.paragraph(4, &[(Strong, &id), (tone, &verdicts), (Plain, &figures)]);
            page.paragraph(4, &[(Faint, &format!("    {}: {}", claim.source, claim.statement))]);
        }
    }

    /// The printed statements that are wrong: in substance, then in what may be a slip of the OCR.
    fn print_errata(&self, page: &mut Page) {
        page.gap();
        page.line(&[(Strong, "Errors of the printed paper")]);
        let rows = by_claim(&self.rows).into_iter().flat_map(|(_, rows)| rows);
        let (refuted, unexpected): (Vec<_>, Vec<_>) = rows.partition(|row| row.is_expected());
        let mut entry = |tone, verdict: &str, rest: &str| {
            page.paragraph(VERDICT, &[(tone, &column(verdict)), (Plain, rest)]);
        };
        let named = |row: &Row| format!("{} ({})", row.claim.source, row.claim.id);
        for (erratum, wrong, why) in [
            (Erratum::Substance, "in substance", ""),
            (
                Erratum::Symbol,
                "in an index or a letter",
                " (the paper was read by OCR: the slip may be the reader's)",
            ),
        ] {
            let of_kind: Vec<_> = refuted
                .iter()
                .filter(|row| row.claim.erratum() == Some(erratum))
                .map(|row| named(row))
                .collect();
            if !of_kind.is_empty() {
                let statements = number(of_kind.len(), "printed statement");
                let rest =
                    format!("as expected, {statements} {wrong}{why}: {}", of_kind.join("; "));
                entry(Good, "refuted", &rest);
            }
        }
        for row in unexpected {
            let verdict = row.evidence.verdict.to_string().to_uppercase();
            let how =
                if row.is_unforeseen { ", by something else than its known error" } else { "" };
            entry(Bad, &verdict, &format!("{}, NOT as expected{how}", named(row)));
        }
    }
}

/// A verdict with at least one space after it.
fn column(verdict: &str) -> String {
    format!("{verdict:0$} ", VERDICT - 1)
}

fn by_claim(rows: &[Row]) -> Vec<(&'static Claim, Vec<&Row>)> {
    let mut claims: Vec<(&'static Claim, Vec<&Row>)> = Vec::new();
    // Rows come in the order in which checks end.
    for row in rows {
        match claims.iter_mut().find(|(claim, _)| claim.id == row.claim.id) {
            Some((_, of_claim)) => of_claim.push(row),
            None => claims.push((row.claim, vec![row])),
        }
    }
    let place = |id| claims::all().position(|claim| claim.id == id);
    claims.sort_by_cached_key(|(claim, _)| place(claim.id));
    claims
}

fn count(rows: &[Row], what: impl Fn(&Row) -> bool) -> usize {
    rows.iter().filter(|row| what(row)).count()
}

fn is_applicable(row: &Row) -> bool {
    row.evidence.verdict != Verdict::NotApplicable
}

/// Whether a verdict says something of the claim.
fn is_finding(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Holds | Verdict::Violated)
}

/// The verdict of the worst row.
fn overall(rows: &[Row]) -> (Tone, &'static str) {
    let any = |what: &dyn Fn(&Row) -> bool| rows.iter().any(what);
    let verdict = |row: &Row| row.evidence.verdict;
    if any(&|row| verdict(row) == Verdict::Crashed) {
        (Bad, "CRASHED")
    } else if any(&|row| !row.is_expected() && is_finding(verdict(row))) {
        (Bad, "VIOLATED")
    } else if any(&|row| row.is_unforeseen) {
        (Bad, "UNEXPECTED")
    } else if any(&|row| verdict(row) == Verdict::Inconclusive) {
        (Open, "inconclusive")
    } else if any(&is_applicable) {
        (Good, "holds")
    } else {
        (Faint, "not applicable")
    }
}

fn cases_in(rows: &[&Row]) -> u64 {
    rows.iter().fold(0, |sum, row| sum.saturating_add(row.evidence.cases))
}

fn is_vacuous(rows: &[&Row]) -> bool {
    rows.iter().any(|row| row.evidence.vacuous)
        && rows.iter().all(|row| row.evidence.vacuous || !is_applicable(row))
}

/// `holds 9/10, n/a 1`, with `!` before what is not expected.
fn verdicts(claim: &Claim, rows: &[&Row]) -> String {
    let count = |verdict| rows.iter().filter(|row| row.evidence.verdict == verdict).count();
    let mut parts = Vec::new();
    for verdict in FINDINGS {
        let mark = if claim.is_expected(verdict) { "" } else { "! " };
        match count(verdict) {
            0 => {}
            _ if rows.len() == 1 => parts.push(format!("{mark}{verdict}")),
            n => parts.push(format!("{mark}{verdict} {n}/{}", rows.len())),
        }
    }
    let n = count(Verdict::NotApplicable);
    let mark = if rows.iter().any(|row| row.is_unforeseen) { "! " } else { "" };
    if n > 0 && rows.len() > 1 {
        parts.push(format!("{mark}n/a {n}"));
    }
    if parts.is_empty() {
        parts.push(format!("{mark}not applicable"));
    }
    if is_erratum(claim) && parts[0].starts_with("violated") {
        let own = rows.iter().all(|row| row.is_expected());
        parts[0].push_str(if own { " (expected)" } else { " (not by its known error)" });
    }
    if is_vacuous(rows) {
        parts.push("vacuous".to_owned());
    }
    parts.join(", ")
}

/// `1 check`, `2 checks`.
pub(super) fn number(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// A number of cases with its thousands apart.
fn cases_of(cases: u64) -> String {
    let digits = cases.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + if cases == 1 { " case" } else { " cases" }
}

fn figure(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e5).contains(&value.abs()) {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

/// A line for each kind of hypothesis that fails, with its figure where all checks have the same.
fn not_applicable(page: &mut Page, suite: &Suite) {
    type Found<'a> = (BTreeSet<u64>, Vec<&'a str>);
    let mut kinds: BTreeMap<(&str, &str), Found<'_>> = BTreeMap::new();
    for row in suite.rows.iter().filter(|row| !is_applicable(row)) {
        let (before, limit, after) = limit(&row.evidence.summary);
        let (limits, reasons) = kinds.entry((before, after)).or_default();
        limits.extend(limit);
        reasons.push(&row.evidence.summary);
    }
    if kinds.is_empty() {
        return;
    }
    page.gap();
    page.line(&[(Strong, "Not applicable")]);
    for ((before, after), (limits, reasons)) in kinds {
        let limits: Vec<_> = limits.iter().map(u64::to_string).collect();
        let why = if reasons.iter().all(|reason| *reason == reasons[0]) {
            reasons[0].to_owned()
        } else if limits.is_empty() {
            before.to_owned()
        } else {
            format!("{before}at most {} {after}", limits.join(" or "))
        };
        page.paragraph(4, &[(Plain, &format!("  {}: {why}", number(reasons.len(), "check")))]);
    }
}

/// A hypothesis that fails, apart from its figure: what is before and after a size that it names.
fn limit(why: &str) -> (&str, Option<u64>, &str) {
    let hypothesis = why.split(", here ").next().unwrap_or(why);
    let parts = hypothesis.split_once("at most ").and_then(|(before, rest)| {
        let (limit, after) = rest.split_once(' ')?;
        Some((before, limit.parse().ok(), after))
    });
    parts.unwrap_or((hypothesis, None, ""))
}

fn statistical_evidence(page: &mut Page, suite: &Suite, verbose: bool) {
    let has_evidence = |row: &&Row| row.claim.kind == Kind::Statistical && is_applicable(row);
    let statistical: Vec<_> = suite.rows.iter().filter(has_evidence).collect();
    if statistical.is_empty() || (statistical.len() > FEW && !verbose) {
        return;
    }
    page.gap();
    page.line(&[(Strong, "What the statistical checks saw")]);
    for row in statistical {
        let graph = row.graph.as_deref().unwrap_or("its own graphs");
        let line = format!("  {} on {graph}: {}", row.claim.id, row.evidence.summary);
        page.paragraph(4, &[(Plain, &line)]);
    }
}

fn details(page: &mut Page, row: &Row) {
    let on = row.graph.as_ref().map_or_else(String::new, |graph| format!(" on {graph}"));
    let tone = if row.evidence.verdict == Verdict::Inconclusive { Open } else { Bad };
    let title = match row.evidence.verdict {
        Verdict::Crashed => format!("{} crashed", row.claim.id),
        Verdict::Violated if row.is_unforeseen => {
            format!("{} is violated, but not by its known error", row.claim.id)
        }
        verdict => format!("{} is {verdict}", row.claim.id),
    };
    page.gap();
    page.paragraph(2, &[(tone, &title), (Plain, &on)]);
    let mut entry = |name: &str, text: &str| {
        page.paragraph(12, &[(Faint, &format!("  {name:10}")), (Plain, text)]);
    };
    entry("claim:", &format!("{} {}", row.claim.source, row.claim.statement));
    entry("found:", &row.evidence.summary);
    let Some(witness) = &row.evidence.witness else { return };
    if let Some(event) = witness.event {
        entry("event:", &event.to_string());
    }
    for state in &witness.states {
        entry("state:", &lengths(state));
    }
    page.line(&[(Faint, "  replay:   "), (Plain, &witness.replay)]);
}

/// The first lengths of a state; JSON has them all.
fn lengths(state: &[u32]) -> String {
    let shown: Vec<_> = state.iter().take(40).map(u32::to_string).collect();
    let more =
        if state.len() > 40 { format!(" ... ({} servers)", state.len()) } else { String::new() };
    format!("{}{more}", shown.join(" "))
}

fn totals(page: &mut Page, suite: &Suite, verbose: bool) {
    let errata = count(&suite.rows, |row| is_erratum(row.claim) && row.is_expected());
    let parts: Vec<_> = tally(suite)
        .into_iter()
        .filter(|&(_, n)| n > 0)
        .map(|(verdict, n)| match verdict {
            Verdict::Holds if n > 1 => format!("{n} hold"),
            Verdict::Violated if errata == n => format!("{n} violated as expected"),
            Verdict::Violated if errata > 0 => format!("{n} violated ({errata} as expected)"),
            _ => format!("{n} {verdict}"),
        })
        .collect();
    page.gap();
    if suite.is_partial() {
        let (known, asked) = (suite.rows.len(), suite.asked);
        let line = format!(
            "PARTIAL: interrupted after {known} of {asked} checks; nothing is known of the others."
        );
        page.paragraph(0, &[(Open, &line)]);
    }
    let (tone, verdict) = match suite.outcome() {
        Outcome::AsExpected if suite.is_partial() => (Good, "Every verdict so far is as expected."),
        Outcome::AsExpected => (Good, "Every verdict is as expected."),
        Outcome::SomeInconclusive => (Open, "Some claims were not decided within the budget."),
        Outcome::SomeViolated => (Bad, "Some verdicts are NOT as expected: see above."),
        Outcome::SomeCrashed => (Bad, "Some checks CRASHED, which says nothing: see above."),
    };
    let line = format!("{}: {}. ", number(suite.rows.len(), "check"), parts.join(", "));
    page.paragraph(0, &[(Plain, &line), (tone, verdict)]);
    let entries = suite.ledger.entries.len() / 2;
    let seed = format!("Seed {}. ", suite.seed);
    if entries == 0 {
        let line = "No check is statistical: nothing here rests on chance.";
        page.paragraph(0, &[(Plain, &seed), (Plain, line)]);
        return;
    }
    let line = format!(
        "{}: the probability that any is wrong is at most {:e}; exact and pathwise checks have no \
         such error.",
        number(entries, "statistical check"),
        suite.ledger.alpha,
    );
    page.paragraph(0, &[(Plain, &seed), (Plain, &line)]);
    ledger_lines(page, &suite.ledger, verbose);
}

/// How the error probability is shared out, in one line for claims of equal shares: claims x
/// graphs, for each of two directions. `verbose` names the claims.
pub fn ledger(ledger: &Ledger, look: Look, verbose: bool) -> String {
    let mut page = Page::new(look);
    ledger_lines(&mut page, ledger, verbose);
    page.into_text()
}

fn ledger_lines(page: &mut Page, ledger: &Ledger, verbose: bool) {
    let mut groups: Vec<(usize, f64, Vec<&str>)> = Vec::new();
    for (claim, graphs, alpha) in ledger.by_claim() {
        let each = alpha / (2 * graphs) as f64;
        let is_alike = |group: &&mut (usize, f64, Vec<&str>)| {
            group.0 == graphs && (group.1 - each).abs() <= 1e-9 * each
        };
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.2.push(claim),
            None => groups.push((graphs, each, vec![claim])),
        }
    }
    let title = "Error probability per check, for a false holds and a false violated each:";
    page.paragraph(0, &[(Plain, title)]);
    for (graphs, each, claims) in groups {
        let on = if graphs == 1 { String::new() } else { format!(" on each of {graphs} graphs") };
        let named = if verbose || claims.len() <= 3 {
            claims.join(", ")
        } else {
            number(claims.len(), "claim")
        };
        page.paragraph(4, &[(Plain, &format!("  {each:.2e}{on}: {named}"))]);
    }
    page.paragraph(0, &[(Plain, &format!("  {:.2e} together", ledger.spent()))]);
}
