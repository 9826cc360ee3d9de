//! Samples and probes as Parquet, for DuckDB, Polars and pandas: which columns they have.

use antiphon_core::summary::{Cell, Estimate, Labels};
use antiphon_core::{Manifest, Outcome, Probe, TargetId};
use bytes::Bytes;
use parquet::errors::ParquetError;

use crate::read_block::BlockSample;
use crate::table::{Table, Value};

/// The columns of samples.
pub(crate) const SAMPLES: &str = "message samples {
    optional binary run (STRING); optional binary target (STRING); optional binary probe (STRING);
    optional binary group (STRING); optional binary kind (STRING);
    optional binary user (STRING); optional binary language (STRING); optional binary system_prompt (STRING);
    optional binary persona (STRING); optional binary wording (STRING);
    optional int64 session; optional int64 turn; optional int64 repeat;
    optional binary outcome (STRING); optional binary detail (STRING);
    optional binary text (STRING); optional binary label (STRING);
    optional binary refusal (STRING); optional binary hedging (STRING);
    optional binary response_id (STRING); optional binary model (STRING); optional binary stop_reason (STRING);
    optional int64 input_tokens; optional int64 output_tokens; optional int64 unexplained_input_tokens;
    optional int64 attempts; optional int64 started_ms; optional int64 latency_ms;
}";

/// A sample as a row.
pub(crate) fn sample_row(
    manifest: &Manifest,
    target: &TargetId,
    probe: &Probe,
    row: &BlockSample,
    label: Option<String>,
) -> Vec<Value> {
    let user = &manifest.users.users[row.user];
    let sample = &row.sample;
    let billing = &sample.billing;
    let text = |value: &str| Value::Text(Some(value.to_owned()));
    let level =
        |level: &Option<antiphon_core::Level>| Value::Text(level.as_ref().map(|level| level.id.clone()));
    let whole = |value: u64| Value::Whole(i64::try_from(value).ok());
    let (outcome, detail) = outcome(&sample.outcome);
    let classes = row.classes(manifest, probe);
    vec![
        text(manifest.run.as_str()),
        text(target.as_str()),
        text(probe.id.as_str()),
        Value::Text(probe.group.clone()),
        text(probe.kind.name()),
        text(user.id.as_str()),
        text(&user.language),
        level(&user.system),
        level(&user.persona),
        level(&user.wording),
        whole(sample.session.into()),
        whole(sample.turn.into()),
        whole(sample.repeat.into()),
        text(&outcome),
        Value::Text(detail),
        Value::Text(sample.outcome.is_behaviour().then(|| sample.text.clone())),
        Value::Text(label),
        Value::Text(classes.map(|classes| classes.refusal.name().to_owned())),
        Value::Text(classes.and_then(|classes| classes.hedging).map(|hedging| hedging.name().to_owned())),
        Value::Text(billing.response_id.clone()),
        Value::Text(billing.model.clone()),
        Value::Text(billing.stop_reason.clone()),
        Value::Whole(billing.usage.and_then(|usage| i64::try_from(usage.input_tokens).ok())),
        Value::Whole(billing.usage.and_then(|usage| i64::try_from(usage.output_tokens).ok())),
        Value::Whole(billing.unexplained_input_tokens.and_then(|tokens| i64::try_from(tokens).ok())),
        whole(sample.attempts.into()),
        whole(sample.started_ms),
        whole(sample.latency_ms.into()),
    ]
}

/// An outcome as two columns: its class, and what there is to say about it.
fn outcome(outcome: &Outcome) -> (String, Option<String>) {
    let plain = |word: &str| (word.to_owned(), None);
    match outcome {
        Outcome::Answered => plain("answered"),
        Outcome::Refused => plain("refused"),
        Outcome::Truncated => plain("truncated"),
        Outcome::Filtered => plain("filtered"),
        Outcome::Empty => plain("empty"),
        Outcome::Failed { kind, detail } => (format!("failed:{kind}"), Some(detail.clone())),
        Outcome::Unsupported { what } => ("unsupported".to_owned(), Some(what.clone())),
        Outcome::Unreached => plain("unreached"),
        Outcome::Ended => plain("ended"),
    }
}

/// The table of probes: one row per cell, and per language where wording is compared.
pub(crate) fn probes(run: &str, cells: &[Cell]) -> Result<Bytes, ParquetError> {
    let mut table = Table::new(
        "message probes {
            optional binary run (STRING); optional binary target (STRING); optional binary probe (STRING);
            optional binary group (STRING); optional binary kind (STRING); optional int64 turn;
            optional binary language (STRING); optional int64 planned; optional int64 behaviour;
            optional int64 users; optional int64 sessions; optional int64 samples;
            optional double a_w; optional double a_w_low; optional double a_w_high;
            optional double a_s; optional double a_s_low; optional double a_s_high;
            optional double a_b; optional double a_b_low; optional double a_b_high;
            optional binary mode (STRING); optional double mode_share; optional double collision;
            optional double entropy; optional double mean;
            optional double refused; optional double non_answer;
            optional double refused_by_rule; optional double refusal_undecided;
            optional double hedged; optional double hedging_undecided;
            optional double prefix_words; optional double lcs_recall;
        }",
    )?;
    for cell in cells {
        for labels in &cell.labels {
            table.push(probe_row(
                run,
                cell,
                labels.language.as_deref(),
                Some(labels),
                Some(&labels.agreement),
            ))?;
        }
        for wording in &cell.wording {
            table.push(probe_row(run, cell, Some(&wording.language), None, Some(&wording.answered)))?;
        }
        if cell.labels.is_empty() && cell.wording.is_empty() {
            table.push(probe_row(run, cell, None, None, None))?;
        }
    }
    table.close()
}

fn probe_row(
    run: &str,
    cell: &Cell,
    language: Option<&str>,
    labels: Option<&Labels>,
    agreement: Option<&antiphon_core::summary::Agreement>,
) -> Vec<Value> {
    let text = |value: &str| Value::Text(Some(value.to_owned()));
    let whole = |value: Option<u64>| Value::Whole(value.and_then(|value| i64::try_from(value).ok()));
    let mut row = vec![
        text(run),
        text(cell.target.as_str()),
        text(cell.probe.as_str()),
        Value::Text(cell.group.clone()),
        text(&cell.kind),
        whole(Some(cell.turn.into())),
        Value::Text(language.map(str::to_owned)),
        whole(Some(cell.certificate.planned)),
        whole(Some(cell.certificate.behaviour())),
        whole(agreement.map(|agreement| agreement.users)),
        whole(agreement.map(|agreement| agreement.sessions)),
        whole(agreement.map(|agreement| agreement.samples)),
    ];
    let levels = agreement.map(|a| [&a.within_session, &a.between_sessions, &a.between_users]);
    for level in 0..3 {
        let estimate = levels.map(|levels| levels[level]);
        row.push(Value::Real(estimate.and_then(|estimate| estimate.value)));
        row.push(Value::Real(estimate.and_then(|estimate| estimate.low)));
        row.push(Value::Real(estimate.and_then(|estimate| estimate.high)));
    }
    let by_rule = |rate: &Option<Estimate>| Value::Real(rate.as_ref().and_then(|rate| rate.value));
    row.extend([
        Value::Text(labels.and_then(|labels| labels.mode.first().cloned())),
        Value::Real(labels.and_then(|labels| labels.mode_share.value)),
        Value::Real(labels.and_then(|labels| labels.collision)),
        Value::Real(labels.and_then(|labels| labels.entropy.value)),
        Value::Real(labels.and_then(|labels| labels.mean.as_ref()).and_then(|mean| mean.value)),
        Value::Real(cell.rates.refused.value),
        Value::Real(cell.rates.non_answer.value),
        by_rule(&cell.rates.refused_by_rule),
        by_rule(&cell.rates.refusal_undecided),
        by_rule(&cell.rates.hedged),
        by_rule(&cell.rates.hedging_undecided),
        Value::Real(cell.recall.as_ref().and_then(|recall| recall.prefix_words.value)),
        Value::Real(cell.recall.as_ref().and_then(|recall| recall.lcs_recall.value)),
    ]);
    row
}
