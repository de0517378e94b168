//! What the lab shows: the comparison as words, figures with their sources, and films on shared axes.

use planner::cost::{Figure, FigureSource};
use planner::film::{PodState, Side};
use planner::finding::Severity;
use planner::lab::{Extent, LabInput, LabRow, LabSources, MAX_SEARCHED, RemarkKind, compare, recommend, search};
use planner::rollout::Step;
use planner::strategy::{IntOrPercent, Strategy, StrategyName};

use crate::chart::{Axes, Drawing, FilmLayout, Flag};
use crate::format;

/// The lab as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    /// One row for each strategy.
    pub(super) rows: Vec<ShownRow>,
    /// Key of the chosen one.
    pub(super) chosen: String,
    /// Key of another one that is drawn as large.
    pub(super) beside: Option<String>,
    /// What the lab would take.
    pub(super) advice: Option<ShownAdvice>,
    /// What the search found; `None` while nothing is wished.
    pub(super) search: Option<ShownSearch>,
    /// Replicas that are compared.
    pub(super) replicas: u32,
    /// The axes of all films.
    pub(super) axes: Axes,
    /// What CPU and memory are, and where they come from.
    pub(super) cost_unit: String,
}

/// What the lab would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownAdvice {
    /// The strategy as address and form carry it.
    pub(super) key: String,
    /// Its name with its numbers.
    pub(super) title: String,
    /// Why.
    pub(super) reason: String,
}

/// What the search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownSearch {
    /// `4 of 15 strategies keep that, the fastest first.`
    pub(super) sentence: String,
    /// The first of them.
    pub(super) matches: Vec<ShownMatch>,
}

/// A strategy that keeps what was wished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownMatch {
    /// The strategy as address and form carry it.
    pub(super) key: String,
    /// Its name with its numbers.
    pub(super) title: String,
    /// `finished after 57 s, 6 pods alive, at least 3 serve`.
    pub(super) figures: String,
}

/// How many of the matches are shown.
const MATCHES_SHOWN: usize = 5;

/// One strategy as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShownRow {
    /// The strategy as address and form carry it.
    pub(super) key: String,
    /// `Blue/Green`.
    pub(super) name: String,
    /// `100% / 0, Kamaji's default`.
    pub(super) numbers: String,
    /// Name with numbers where the name alone does not say it: `Rolling 1/1`.
    pub(super) title: String,
    /// Beside the title of its film.
    pub(super) note: String,
    /// The first sentence of the page when it is chosen.
    pub(super) verdict: String,
    /// What people do not expect.
    pub(super) remarks: Vec<(Severity, String)>,
    /// That it saves no pods, if so.
    pub(super) saves_no_pods: Option<String>,
    /// Pod objects at the peak.
    pub(super) pods_alive: u32,
    /// More than the replicas, if so: `+3`.
    pub(super) more_pods: Option<String>,
    /// API servers running at the peak.
    pub(super) running: u32,
    /// CPU more than today.
    pub(super) cpu: String,
    /// Memory more than today.
    pub(super) memory: String,
    /// Fewest API servers that serve.
    pub(super) lowest_serving: u32,
    /// How long none serves, if so.
    pub(super) outage: Option<String>,
    /// How long both versions serve.
    pub(super) mixed: String,
    /// When the last old pod is gone.
    pub(super) finished: String,
    /// `50 to 63 s`, where it may differ.
    pub(super) finished_range: Option<String>,
    /// How long both versions may serve, where it may differ.
    pub(super) mixed_range: Option<String>,
    /// What the controller does, in order.
    pub(super) steps: Vec<ShownStep>,
    /// What nobody may overlook in its film.
    pub(super) flags: Vec<Flag>,
    /// Its film.
    pub(super) layout: FilmLayout,
}

/// One change of a ReplicaSet's size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownStep {
    /// When (ms after the first write).
    pub(super) at_ms: i64,
    /// `new 0 → 3`.
    pub(super) change: String,
    /// As the controller would say it.
    pub(super) reason: String,
}

impl ShownStep {
    /// The steps of the last instant at or before `at_ms` at which anything is changed.
    pub(super) fn at(steps: &[Self], at_ms: i64) -> &[Self] {
        let end = steps.partition_point(|step| step.at_ms <= at_ms);
        let Some(last) = steps[..end].last() else { return &[] };
        let begin = steps.partition_point(|step| step.at_ms < last.at_ms);
        &steps[begin..end]
    }
}

impl Shown {
    /// Plays every candidate and lays it out.
    pub(super) fn of(input: &LabInput, chosen: Strategy, beside: Option<Strategy>) -> Self {
        let comparison = compare(input);
        let axes = Axes::shared(comparison.rows.iter().map(|row| &row.film), input.replicas);
        let assumed = input.requests.cpu_millis.is_none() && input.assumed.cpu_millis.is_some()
            || input.requests.memory_bytes.is_none() && input.assumed.memory_bytes.is_some();
        Self {
            rows: comparison.rows.iter().map(|row| shown_row(row, input, axes)).collect(),
            chosen: chosen.to_string(),
            beside: beside.map(|beside| beside.to_string()),
            advice: recommend(input).map(|advice| ShownAdvice {
                key: advice.row.strategy.to_string(),
                title: title(advice.row.strategy),
                reason: advice.to_string(),
            }),
            search: (!input.wishes.is_empty()).then(|| shown_search(input)),
            replicas: input.replicas,
            axes,
            cost_unit: if assumed { "more than today, ~ assumed" } else { "more than today" }.to_owned(),
        }
    }

    /// The row of a strategy.
    pub(super) fn row(&self, key: &str) -> Option<&ShownRow> {
        self.rows.iter().find(|row| row.key == key)
    }

    /// The chosen row.
    pub(super) fn chosen_row(&self) -> Option<&ShownRow> {
        self.row(&self.chosen)
    }

    /// What people do not expect of the chosen strategy, and of the one they would take to save pods.
    pub(super) fn why(&self) -> String {
        let mut sentences: Vec<String> = Vec::new();
        if let Some(chosen) = self.chosen_row() {
            sentences.extend(chosen.remarks.iter().map(|(_, text)| text.clone()));
        }
        if let Some(rolling) = self.row(&Strategy::ROLLING_ONE.to_string())
            && rolling.key != self.chosen
            && let Some(surprise) = &rolling.saves_no_pods
        {
            sentences.push(format!("{}: {surprise}", rolling.title));
        }
        sentences.join(" ")
    }

    /// Every kind of pod that occurs in any film.
    pub(super) fn kinds(&self) -> Vec<(Side, PodState)> {
        let mut kinds: Vec<(Side, PodState)> = self.rows.iter().flat_map(|row| row.layout.occurring()).collect();
        kinds.sort_by_key(|&(side, state)| (std::cmp::Reverse(state == PodState::Ready), state, side));
        kinds.dedup();
        kinds
    }
}

fn shown_row(row: &LabRow, input: &LabInput, axes: Axes) -> ShownRow {
    let summary = &row.summary;
    let key = row.strategy.to_string();
    let name = row.strategy.name().to_string();
    let finished = summary.finished_ms.map_or_else(|| "not in sight".to_owned(), format::duration);
    let outage = (summary.outage_ms > 0).then(|| {
        let time = format::duration(summary.outage_ms);
        if summary.outage_open { format!("{time} and on") } else { time }
    });
    let title = title(row.strategy);
    let note = match summary.finished_ms {
        Some(_) => format!("finished after {finished}"),
        None => "its end is not in sight".to_owned(),
    };
    ShownRow {
        numbers: numbers(row),
        title,
        note,
        verdict: row.verdict.clone(),
        remarks: row.remarks.iter().map(|remark| (remark.severity, remark.kind.to_string())).collect(),
        saves_no_pods: row
            .remarks
            .iter()
            .find(|remark| matches!(remark.kind, RemarkKind::NoFewerPodsThanBlueGreen { .. }))
            .map(|remark| remark.kind.to_string()),
        pods_alive: summary.peaks.objects,
        more_pods: (row.cost.extra.objects > 0).then(|| format::change(i64::from(row.cost.extra.objects))),
        running: summary.peaks.running,
        cpu: cost(row.cost.cpu_millis, row.cost.assumed_cpu_millis, format::cpu),
        memory: cost(row.cost.memory_bytes, row.cost.assumed_memory_bytes, format::bytes),
        lowest_serving: summary.lowest_serving,
        outage,
        mixed: match summary.mixed {
            None => "0 s".to_owned(),
            Some(window) => window.total_ms.map_or_else(|| "does not end".to_owned(), format::duration),
        },
        finished,
        finished_range: row.range.and_then(|range| extent(range.finished_ms?)),
        mixed_range: row.range.and_then(|range| extent(range.mixed_ms?)),
        flags: flags(row),
        steps: row.steps.iter().map(shown_step).collect(),
        layout: FilmLayout::new(Drawing::Predicted(&row.film), axes, input.replicas, None),
        key,
        name,
    }
}

/// Name with numbers where the name alone does not say it: `Rolling 1/1`.
fn title(strategy: Strategy) -> String {
    let name = strategy.name();
    match name {
        StrategyName::BlueGreen | StrategyName::Recreate => name.to_string(),
        _ => format!("{name} {strategy}"),
    }
}

/// Outage and mixed-version window, in words.
fn flags(row: &LabRow) -> Vec<Flag> {
    let summary = &row.summary;
    let mut flags = Vec::new();
    if summary.outage_ms > 0 {
        let time = format::duration(summary.outage_ms);
        let open = if summary.outage_open { " and on" } else { "" };
        flags.push(Flag::Outage(format!("No API server for {time}{open}")));
    }
    match summary.mixed.map(|window| window.total_ms) {
        Some(Some(total_ms)) => flags.push(Flag::Mixed(format!("Both versions for {}", format::duration(total_ms)))),
        Some(None) => flags.push(Flag::Mixed("Both versions, without an end".to_owned())),
        None => {}
    }
    flags
}

fn extent(extent: Extent<i64>) -> Option<String> {
    format::between(extent.low, extent.high)
}

fn shown_search(input: &LabInput) -> ShownSearch {
    let found = search(input, &input.wishes);
    let played = found.played;
    let sentence = match found.matches.len() {
        _ if played == 0 => format!("The search covers up to {MAX_SEARCHED} replicas."),
        0 => format!("None of {played} strategies keeps that. Ask for less, or make room."),
        1 => format!("One of {played} strategies keeps that."),
        many if many <= MATCHES_SHOWN => format!("{many} of {played} strategies keep that, the fastest first."),
        many => format!("{many} of {played} strategies keep that; these are the fastest."),
    };
    let shown_match = |found: &planner::lab::Match| {
        let summary = &found.summary;
        let finished = summary.finished_ms.map_or_else(|| "not in sight".to_owned(), format::duration);
        ShownMatch {
            key: found.strategy.to_string(),
            title: title(found.strategy),
            figures: format!(
                "finished after {finished}, {} alive, at least {} serving",
                format::count(summary.peaks.objects, "pod", "pods"),
                summary.lowest_serving
            ),
        }
    };
    ShownSearch { sentence, matches: found.matches.iter().take(MATCHES_SHOWN).map(shown_match).collect() }
}

fn shown_step(step: &Step) -> ShownStep {
    let side = match step.side {
        Side::Old => "old",
        Side::New => "new",
    };
    let change = format!("{side} {} → {}", step.from, step.to);
    ShownStep { at_ms: step.at_ms, change, reason: step.to_string() }
}

/// `100% / 0, Kamaji's default`; percentages also as the pods they come to.
fn numbers(row: &LabRow) -> String {
    let Strategy::RollingUpdate { max_surge, max_unavailable } = row.strategy else {
        return "all old pods go first".to_owned();
    };
    let mut text = format!("{max_surge} / {max_unavailable}");
    match row.strategy.name() {
        StrategyName::BlueGreen => text.push_str(", Kamaji’s default"),
        StrategyName::Rolling => text.push_str(", the guide’s example"),
        _ if matches!(max_surge, IntOrPercent::Percent(_)) || matches!(max_unavailable, IntOrPercent::Percent(_)) => {
            text.push_str(&format!(", here {} / {}", row.limits.max_surge, row.limits.max_unavailable));
        }
        _ => {}
    }
    text
}

/// What it costs by the requests; else `~` what it would by the assumption; else that it is not known.
fn cost(requested: Figure<u64>, assumed: Figure<u64>, text: impl Fn(u64) -> String) -> String {
    match (requested.value, assumed.value) {
        (Some(0), _) | (None, Some(0)) => "0".to_owned(),
        (Some(value), _) => format!("+{}", text(value)),
        (None, Some(value)) => format!("~ +{}", text(value)),
        (None, None) => "not known".to_owned(),
    }
}

/// Where the figures come from, in a few sentences.
pub(super) fn sources(input: &LabInput, sources: Option<&LabSources>) -> Vec<String> {
    let mut sentences = vec![
        "Pods and times are predicted by playing the Deployment controller’s own steps with these start-ups and terminations."
            .to_owned(),
    ];
    if let Some(sources) = sources {
        sentences.push(format!("Start-up: {}. Termination: {}.", sources.startup, sources.termination));
        sentences.push(format!("Image pull: {}.", sources.pull));
    }
    let known = input.requests.cpu_millis.is_some() || input.requests.memory_bytes.is_some();
    let source = sources.map_or(FigureSource::Assumed, |sources| sources.requests);
    sentences.push(match (known, source) {
        (true, FigureSource::Requests) => "CPU and memory: from the pods’ requests.".to_owned(),
        (true, _) => "CPU and memory: as given in the address.".to_owned(),
        (false, _) => {
            "CPU and memory: the pods set no requests, so nothing is known; give an assumption to see one.".to_owned()
        }
    });
    if let Some(apart) = input.second_write_ms {
        sentences.push(format!(
            "The hop changes the Deployment twice, {} apart, because konnectivity follows the minor version.",
            format::duration(apart)
        ));
    }
    sentences.push(
        "DataStore connections grow with the API servers that run; how many each holds is not measured here."
            .to_owned(),
    );
    sentences
}
