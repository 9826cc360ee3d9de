//! What `make cross-check` asks: one JSON object a line, `{"of": statistic, …inputs}`, is answered by one line, a list of numbers;
//! `null` stands for what is undefined. `tests/cross_check/check.py` compares the answers with those of other libraries.

use std::io::{BufRead, Write};

use antiphon_stats::multiplicity::Adjustment;
use antiphon_stats::{
    Nested, Population, agreement, bootstrap, categorical, change, clustered, components, contingency,
    distances, divergence, entropy, fleiss, gwet, icc, krippendorff, lcs, multiplicity, overlap, pass,
    permutation, power, ranked, rates, recall, rouge_l, text, two_way,
};
use serde_json::Value;

type Answer = Vec<Option<f64>>;

fn main() {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("standard input is text");
        let asked: Value = serde_json::from_str(&line).expect("each line is JSON");
        let found = answer(&Asked(&asked));
        writeln!(out, "{}", serde_json::to_string(&found).expect("numbers are JSON"))
            .expect("standard output is open");
    }
}

/// The inputs of one question, by name.
struct Asked<'a>(&'a Value);

impl Asked<'_> {
    fn of<T: serde::de::DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_value(self.0[name].clone()).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn table(&self) -> Vec<Vec<u64>> {
        self.of("table")
    }

    fn texts(&self) -> (Vec<u32>, Vec<u32>) {
        (self.of("a"), self.of("b"))
    }
}

fn answer(asked: &Asked<'_>) -> Answer {
    let name: String = asked.of("of");
    match name.as_str() {
        "categorical" => counts(&asked.of::<Vec<u64>>("counts")),
        "raters" => raters(asked),
        "krippendorff" => {
            use krippendorff::Metric::{Interval, Nominal, Ordinal, Ratio};
            let units: Vec<Vec<f64>> = asked.of("units");
            [Nominal, Ordinal, Interval, Ratio].map(|metric| krippendorff::alpha(&units, metric)).to_vec()
        }
        "icc" => correlations(&asked.of::<Vec<Vec<f64>>>("ratings")),
        "proportion" => proportion(asked.of("successes"), asked.of("trials")),
        "table" => table(&asked.table()),
        "two_by_two" => two_by_two(asked.of("table")),
        "strata" => {
            let found = contingency::mantel_haenszel(&asked.of::<Vec<_>>("strata"));
            vec![
                found.map(|(chi, _)| chi.statistic),
                found.map(|(chi, _)| chi.p),
                found.and_then(|(_, ratio)| ratio),
            ]
        }
        "mcnemar" => vec![Some(contingency::mcnemar_exact(asked.of("one"), asked.of("other")))],
        "divergence" => vec![divergence::jensen_shannon(&asked.of::<Vec<_>>("p"), &asked.of::<Vec<_>>("q"))],
        "ranked" => {
            let (a, b) = asked.texts();
            vec![ranked::rank_biased_overlap(&a, &b, asked.of("persistence"))]
        }
        "tokens" => tokens(asked),
        "characters" => vec![Some(overlap::chrf(&asked.of::<String>("a"), &asked.of::<String>("b")))],
        "rouge" => {
            let mut vocabulary = text::Vocabulary::default();
            let mut encode = |side: &str| vocabulary.encode(&asked.of::<String>(side), text::Case::Folded);
            let (a, b) = (encode("a"), encode("b"));
            vec![Some(rouge_l::f1(&a, &b))]
        }
        "distances" => {
            let groups: Vec<usize> = asked.of("groups");
            let found = distances::Distances::new(asked.of("rows")).and_then(|all| all.separation(&groups));
            vec![found.map(|s| s.f), found.map(|s| s.anosim)]
        }
        "components" => {
            let found = components::components(&asked.of::<Vec<Vec<Vec<f64>>>>("values"));
            vec![found.map(|c| c.user), found.map(|c| c.session), found.map(|c| c.sample)]
        }
        "clustered" => errors(&asked.of::<Vec<Vec<f64>>>("clusters")),
        "blocks" => blocks(asked),
        "two_way" => vec![two_way_variance(&asked.of::<Vec<Vec<f64>>>("values"))],
        "paired" => paired(&asked.of::<Vec<f64>>("differences"), asked.of("margin")),
        "p_values" => {
            use Adjustment::{BenjaminiHochberg, BenjaminiYekutieli, Holm};
            let p: Vec<Option<f64>> = some(asked.of::<Vec<f64>>("p"));
            [BenjaminiHochberg, BenjaminiYekutieli, Holm]
                .into_iter()
                .flat_map(|adjustment| multiplicity::adjust(&p, adjustment))
                .collect()
        }
        "power" => {
            let (effect, n): (f64, f64) = (asked.of("effect"), asked.of("n"));
            vec![
                Some(power::t_power(effect, n)),
                power::differences_for(effect, power::POWER),
                Some(power::detectable_effect(n, power::POWER)),
            ]
        }
        "pass" => {
            let (n, c, k) = (asked.of("n"), asked.of("c"), asked.of("k"));
            vec![pass::pass_at_k(n, c, k), pass::pass_hat_k(n, c, k)]
        }
        "agreement" => nested(asked),
        "gap" => {
            let cell = |side: &str| Nested::from_lists(asked.of::<Vec<Vec<Vec<u32>>>>(side));
            vec![divergence::labels_gap(&cell("p"), &cell("q"), 1).map(|gap| gap.value)]
        }
        "reweighted" => {
            vec![bootstrap::reweighted(
                &asked.of::<Vec<Vec<f64>>>("similarities"),
                &asked.of::<Vec<_>>("weights"),
            )]
        }
        other => panic!("nobody knows the statistic {other}"),
    }
}

fn some(values: impl IntoIterator<Item = f64>) -> Answer {
    values.into_iter().map(Some).collect()
}

fn counts(counts: &[u64]) -> Answer {
    vec![
        categorical::collision(counts),
        categorical::plug_in_collision(counts),
        entropy::maximum_likelihood(counts),
        entropy::miller_madow(counts),
        entropy::chao_shen(counts),
        entropy::grassberger(counts),
        entropy::chao_wang_jost(counts),
        entropy::coverage(counts),
    ]
}

fn raters(asked: &Asked<'_>) -> Answer {
    let (kappa, ac1) = (fleiss::kappa(&asked.table()), gwet::ac1(&asked.table()));
    vec![
        kappa.and_then(|kappa| kappa.fleiss),
        kappa.and_then(|kappa| kappa.randolph),
        ac1.map(|ac1| ac1.value),
        ac1.and_then(|ac1| ac1.standard_error),
    ]
}

fn correlations(ratings: &[Vec<f64>]) -> Answer {
    icc::icc(ratings).map_or(vec![None; 8], |found| {
        let singles = [found.one_way, found.agreement, found.consistency];
        let means = [found.one_way_mean, found.agreement_mean, found.consistency_mean];
        let interval = [found.one_way_interval.low, found.one_way_interval.high];
        some(singles.into_iter().chain(means).chain(interval))
    })
}

/// Of a table of users and probes.
fn two_way_variance(values: &[Vec<f64>]) -> Option<f64> {
    let entry = |(column, row, value): (usize, usize, f64)| two_way::Entry {
        row: row as u64,
        column: column as u64,
        value,
    };
    let all = values
        .iter()
        .enumerate()
        .flat_map(|(column, row)| row.iter().enumerate().map(move |(probe, value)| (column, probe, *value)));
    two_way::mean_of_table(&all.map(entry).collect::<Vec<_>>(), true)?.variance
}

fn errors(clusters: &[Vec<f64>]) -> Answer {
    clustered::clustered_mean(clusters)
        .map_or(vec![None; 4], |found| some([found.mean, found.cr0, found.cr1, found.independent]))
}

fn proportion(successes: u64, trials: u64) -> Answer {
    [rates::wilson, rates::clopper_pearson, rates::jeffreys]
        .into_iter()
        .flat_map(|rule| {
            let found = rule(successes, trials);
            [found.map(|interval| interval.low), found.map(|interval| interval.high)]
        })
        .collect()
}

fn table(table: &[Vec<u64>]) -> Answer {
    contingency::dependence(table).map_or(vec![None; 5], |found| {
        some([
            found.chi_square.statistic,
            found.chi_square.p,
            found.likelihood_ratio.statistic,
            found.likelihood_ratio.p,
            found.v,
        ])
    })
}

fn two_by_two(table: contingency::TwoByTwo) -> Answer {
    let yates = contingency::yates(table);
    vec![
        Some(contingency::fisher_exact(table)),
        contingency::odds_ratio(table).filter(|ratio| ratio.is_finite()),
        yates.map(|found| found.statistic),
        yates.map(|found| found.p),
    ]
}

fn tokens(asked: &Asked<'_>) -> Answer {
    let (a, b) = asked.texts();
    vec![
        Some(rouge_l::f1(&a, &b)),
        Some(lcs::length(&a, &b) as f64),
        Some(overlap::levenshtein(&a, &b)),
        overlap::jaccard(&a, &b, 2),
        overlap::containment(&a, &b, 2),
        Some(overlap::longest_common_run(&a, &b).length as f64),
    ]
}

fn blocks(asked: &Asked<'_>) -> Answer {
    let (a, b) = asked.texts();
    let found = recall::blocks(&a, &b);
    let numbers = found.iter().flat_map(|run| [run.in_a, run.in_b, run.length]);
    [found.len()].into_iter().chain(numbers).map(|number| Some(number as f64)).collect()
}

fn paired(differences: &[f64], margin: f64) -> Answer {
    let found = change::paired_change(differences);
    let same = change::equivalence(differences, margin);
    vec![
        found.map(|found| found.t),
        found.map(|found| found.p),
        found.map(|found| found.interval.low),
        found.map(|found| found.interval.high),
        same.map(|same| same.p),
        permutation::sign_flip(differences, 1).map(|test| test.p),
    ]
}

fn nested(asked: &Asked<'_>) -> Answer {
    let cell = Nested::from_lists(asked.of::<Vec<Vec<Vec<u32>>>>("users"));
    let found = agreement::labels(&cell, Population::Drawn);
    vec![found.within.value, found.sessions.value, found.users.value]
}
