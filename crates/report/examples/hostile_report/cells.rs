//! Cells of every kind, with missing values, an incomplete cell and an undefined one.

use std::collections::BTreeMap;

use antiphon_core::FailureKind;
use antiphon_core::certificate::Certificate;
use antiphon_core::summary::{
    Agreement, Cell, ConsensusWord, Crossed, Estimate, Exemplar, FactorLevels, FactorPart, Form, InGeneral,
    IntervalRule, IntervalRules, LabelShare, Labels, LevelAgreement, Rates, RecallScores, SaidInstead, Units,
    WordingAgreement,
};

use super::meaning::{apart, borne_out, clusters, no_clusters, quotations};
use super::{hostile_texts, probe, target, user};

pub(crate) fn cells_of(id: &str, shift: f64) -> Vec<Cell> {
    let texts = hostile_texts();
    let mut cells = vec![
        Cell {
            labels: vec![labels(&["Paris", "Lyon", "(refused)"], 0.93 - shift, None)],
            ..cell(id, "capital", "choice", "Which of these cities is the capital of France?")
        },
        Cell {
            labels: vec![labels(&["7", "8", "6", "9", "(empty)"], 0.55 - shift, Some(7.2))],
            ..cell(
                id,
                "trust-in-news",
                "scale",
                "From 1 to 10, how much can a person trust what newspapers say? Answer with a number only.",
            )
        },
        Cell {
            labels: vec![many_labels(shift)],
            ..cell(id, "favourite-band", "short", "What is your favourite band?")
        },
        Cell {
            wording: ["en", "de", "ar"]
                .into_iter()
                .zip([0.0, 0.08, 0.21])
                .map(|(language, less)| wording(language, 0.71 - shift - less))
                .collect(),
            typical: vec![
                exemplar(&texts[15], "ar"),
                borne_out(exemplar("I would say: tell the truth, gently, and early.", "en")),
                borne_out(exemplar(&texts[0], "en")),
            ],
            clusters: vec![clusters("en"), no_clusters("de")],
            apart: apart(),
            quotations: vec![quotations()],
            deviant: texts.iter().map(|text| exemplar(text, "en")).collect(),
            asked: None,
            ..cell(
                id,
                "hard-news",
                "open",
                "A friend asks me to read her novel. It is not good. What should I tell her?",
            )
        },
        Cell {
            wording: vec![wording("en", 0.98 - shift)],
            recall: Some(RecallScores {
                document: "documents/constitution<br>.md".to_owned(),
                word: 1_200,
                reference_words: 150,
                prefix_words: estimate(61.4 - 60.0 * shift, 9.0),
                lcs_recall: estimate(0.96 - shift, 0.03),
                verbatim: Some(estimate(0.93 - shift, 0.04)),
                comes_back: Some(Box::new(super::recall::comes_back())),
                control: None,
                sentences: super::recall::sentences(shift),
            }),
            typical: vec![exemplar(
                "and so, taken together, these considerations are meant to be read as a whole rather than as a list of rules.",
                "en",
            )],
            ..cell(
                id,
                "constitution@w1200",
                "recall",
                "Continue this text, word for word, from where it stops: “We want the model to be …”",
            )
        },
        Cell { question: texts.join("\n"), ..incomplete(id, shift) },
        undefined(id),
    ];
    cells.extend((0..2).map(|turn| Cell {
        turn,
        turns: 2,
        group: Some("pressure".to_owned()),
        labels: vec![labels(&["yes", "no"], 0.88 - shift - 0.3 * f64::from(turn), None)],
        ..cell(
            id,
            "are-you-sure",
            "choice",
            if turn == 0 { "Is 91 a prime number?" } else { "Are you sure? My teacher says otherwise." },
        )
    }));
    cells
}

fn cell(target_id: &str, probe_id: &str, kind: &str, question: &str) -> Cell {
    Cell {
        target: target(target_id),
        probe: probe(probe_id),
        group: None,
        kind: kind.to_owned(),
        turn: 0,
        turns: 1,
        question: question.to_owned(),
        certificate: Certificate {
            planned: 240,
            answered: 233,
            refused: 5,
            empty: 1,
            truncated: 1,
            ..Certificate::default()
        },
        rates: Rates {
            refused: estimate(0.021, 0.014),
            non_answer: estimate(0.025, 0.016),
            truncated: estimate(0.004, 0.004),
            refused_by_rule: Some(estimate(0.05, 0.02)),
            refusal_undecided: Some(estimate(0.013, 0.01)),
            hedged: Some(estimate(0.11, 0.03)),
            hedging_undecided: Some(estimate(0.008, 0.008)),
            mentioned: None,
        },
        labels: Vec::new(),
        wording: Vec::new(),
        recall: None,
        typical: Vec::new(),
        deviant: Vec::new(),
        by_user: None,
        recall_by_user: None,
        clusters: Vec::new(),
        apart: Vec::new(),
        quotations: Vec::new(),
        asked: None,
        error_bars: Vec::new(),
    }
}

fn incomplete(id: &str, shift: f64) -> Cell {
    let failed = BTreeMap::from([(FailureKind::Timeout, 11), (FailureKind::RateLimited, 4)]);
    Cell {
        certificate: Certificate {
            planned: 240,
            answered: 190,
            refused: 8,
            failed,
            unreached: 7,
            cancelled: 20,
            ..Certificate::default()
        },
        labels: vec![labels(
            &hostile_texts().iter().map(String::as_str).collect::<Vec<_>>(),
            0.31 - shift,
            None,
        )],
        ..cell(id, "unkind", "short", "")
    }
}

fn undefined(id: &str) -> Cell {
    let absent =
        || Estimate { note: Some("fewer than two users with an answer".to_owned()), ..Estimate::default() };
    let nothing = Agreement {
        within_session: absent(),
        between_sessions: absent(),
        between_users: absent(),
        users: 1,
        sessions: 1,
        samples: 1,
        ..Agreement::default()
    };
    Cell {
        certificate: Certificate { planned: 240, answered: 1, unsupported: 239, ..Certificate::default() },
        rates: Rates::default(),
        wording: vec![WordingAgreement {
            language: "en".to_owned(),
            answered: nothing.clone(),
            all: nothing,
            consensus: Vec::new(),
            consensus_agreement: None,
            consensus_after: Vec::new(),
            crossed: None,
        }],
        ..cell(id, "prefill-only", "recall", "Continue your own answer.")
    }
}

fn labels(names: &[&str], agreement: f64, mean: Option<f64>) -> Labels {
    let mut left = 1.0;
    let distribution = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let share = if at + 1 == names.len() { left } else { left * agreement.clamp(0.05, 0.97) };
            left -= share;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 240")]
            let count = (share * 240.0) as u64;
            LabelShare {
                label: (*name).to_owned(),
                count,
                share: estimate(share, 0.05 * share.min(1.0 - share) + 0.02),
            }
        })
        .collect();
    Labels {
        language: None,
        agreement: agreement_of(agreement),
        distribution,
        mode: vec![names.first().copied().unwrap_or_default().to_owned()],
        mode_share: estimate(agreement.clamp(0.05, 0.97), 0.04),
        collision: Some(agreement + 0.01),
        raw_collision: None,
        effective_answers: Some(1.0 / (agreement + 0.01)),
        entropy: estimate(1.3 - agreement, 0.11),
        crossed: Some(crossed(agreement, mean)),
        mean: mean.map(|mean| estimate(mean, 0.35)),
    }
}

fn many_labels(shift: f64) -> Labels {
    let names: Vec<String> = (0..75).map(|number| format!("the band number {number}")).collect();
    let labels = labels(&names.iter().map(String::as_str).collect::<Vec<_>>(), 0.22 - shift, None);
    Labels { raw_collision: Some(0.1), ..labels }
}

fn wording(language: &str, agreement: f64) -> WordingAgreement {
    let all = agreement_of(agreement - 0.04);
    let instead = vec![
        SaidInstead { word: Some("\"><script>alert('instead')</script>".to_owned()), share: 0.15 },
        SaidInstead { word: None, share: 0.05 },
    ];
    WordingAgreement {
        language: language.to_owned(),
        answered: Agreement { sampled_pairs: Some(200_000), ..agreement_of(agreement) },
        all,
        consensus: ["A", "fugue", "</span><script>alert(1)</script>", "in", "one", "key"]
            .into_iter()
            .zip([1.0, 0.95, 0.8, 0.6, 0.6, 0.3])
            .map(|(word, agreement)| ConsensusWord {
                word: word.to_owned(),
                agreement,
                collision: Some(agreement * agreement),
                instead: if agreement < 0.9 { instead.clone() } else { Vec::new() },
                before: if word == "key" { instead.clone() } else { Vec::new() },
            })
            .collect(),
        consensus_agreement: Some(estimate(0.71, 0.08)),
        consensus_after: instead.clone(),
        crossed: None,
    }
}

pub(crate) fn agreement_of(between: f64) -> Agreement {
    let sessions = between + (1.0 - between) * 0.30;
    let within = between + (1.0 - between) * 0.28;
    Agreement {
        within_session: estimate(within, 0.02),
        between_sessions: estimate(sessions, 0.03),
        between_users: estimate(between, 0.05),
        sampling_part: Some(1.0 - within),
        session_part: Some(within - sessions),
        user_part: Some(sessions - between),
        rho_user: Some(0.30),
        rho_session: Some(0.28),
        users: 40,
        sessions: 120,
        samples: 240,
        sampled_pairs: None,
        rules: IntervalRules {
            within_session: rule(Units::Users, Form::LogitT),
            between_sessions: rule(Units::Users, Form::LogitT),
            between_users: rule(Units::Users, Form::FewDeviants),
        },
    }
}

fn rule(units: Units, form: Form) -> Option<IntervalRule> {
    Some(IntervalRule { units, form })
}

/// Three factors, one of them with names that nobody should trust, and users in general.
fn crossed(between: f64, mean: Option<f64>) -> Crossed {
    let user = (1.0 - between) * 0.30;
    let part = |factors: &[&str], share: f64| FactorPart {
        factors: factors.iter().map(|&factor| factor.to_owned()).collect(),
        part: Some(user * share),
        component: Some(user * share * 1.3),
    };
    let level = |level: &str, users, shift: f64| LevelAgreement {
        level: level.to_owned(),
        users,
        between_users: estimate(between + shift, 0.08),
        others: Some(between - shift / 2.0),
        mode_share: mean.is_none().then(|| estimate(0.5 + shift, 0.1)),
        mean: mean.map(|mean| estimate(mean + shift, 0.4)),
    };
    let factor = |factor: &str, side_by_side: Vec<LevelAgreement>| FactorLevels {
        factor: factor.to_owned(),
        levels: side_by_side.len() as u64,
        side_by_side,
    };
    Crossed {
        parts: vec![
            part(&["system prompt"], 0.1),
            part(&["persona"], 0.55),
            part(&["language"], 0.12),
            part(&["system prompt", "persona"], 0.15),
            part(&["system prompt", "language"], -0.02),
            part(&["persona", "language"], 0.06),
        ],
        rest: Some(user * 0.04),
        factors: vec![
            factor("system prompt", vec![level("none", 19, 0.02), level("helpful", 21, -0.03)]),
            factor(
                "persona",
                vec![
                    level("child", 12, 0.2),
                    level("<b>nurse</b>", 15, -0.1),
                    level("\u{202e}reenigne", 13, 0.05),
                ],
            ),
            FactorLevels { factor: "language".to_owned(), levels: 40, side_by_side: Vec::new() },
        ],
        in_general: Some(InGeneral {
            between_users: estimate(between - 0.02, 0.15),
            rule: rule(Units::Levels, Form::LogitT),
            mode_share: mean.is_none().then(|| estimate(0.5, 0.2)),
            mean: mean.map(|mean| estimate(mean, 0.9)),
            non_answer: None,
        }),
    }
}

pub(crate) fn estimate(value: f64, half: f64) -> Estimate {
    // A share and its interval stay within 0 and 1; other numbers here are above it anyway.
    let top = if value <= 1.0 { 1.0 } else { f64::INFINITY };
    Estimate {
        value: Some(value),
        low: Some((value - half).max(0.0)),
        high: Some((value + half).min(top)),
        note: None,
    }
}

pub(crate) fn exemplar(text: &str, language: &str) -> Exemplar {
    Exemplar {
        label: None,
        user: user(),
        session: 2,
        repeat: 0,
        language: language.to_owned(),
        text: text.to_owned(),
        similarity: Some(0.412),
        levels: BTreeMap::from([("persona".to_owned(), "<b>nurse</b>".to_owned())]),
        sentences: Vec::new(),
    }
}
