//! A data set as probes, row by row. Its text is data, never a template.

use std::collections::BTreeMap;

use super::mirrored::pair;
use super::{Entry, check_options};
use crate::manifest::{Probe, ProbeKind, Wording};
use crate::resolve::{Assets, Dataset, Problem};
use crate::suite::{Columns, Expect, SuiteKind};
use crate::{ProbeId, nearest};

impl Entry<'_> {
    pub(super) fn dataset(&self, path: &str, assets: &Assets) -> Result<Vec<Probe>, Problem> {
        let Some(data) = assets.datasets.get(path) else {
            return self.problem(format!("the data set {path} was not read"));
        };
        let columns = self.written.columns.clone().unwrap_or_default();
        let paired = self.kind() == SuiteKind::Paired;
        self.check_columns(&columns, paired)?;
        let find =
            |name: &Option<String>| name.as_deref().map(|name| self.column(data, path, name)).transpose();
        let prompts = match paired {
            true => None,
            false => Some(self.column(data, path, &columns.prompt)?),
        };
        let sides = [find(&columns.a)?, find(&columns.b)?];
        let names = [find(&columns.name_a)?, find(&columns.name_b)?];
        let (ids, groups) = (find(&columns.id)?, find(&columns.group)?);
        let (options, expects) = (find(&columns.options)?, find(&columns.expect)?);
        if data.rows.is_empty() {
            return self.problem(format!("{path} has no rows"));
        }
        let kind = self.probe_kind()?;
        // Without an `id` the file's name goes before a row's number, so that two data sets do not collide.
        let stem = self.written.id.clone().unwrap_or_else(|| file_stem(path));
        let mut probes = Vec::with_capacity(data.rows.len());
        for (at, row) in data.rows.iter().enumerate() {
            let place =
                |message: String| Problem::at(&self.field, format!("{path}, row {}: {message}", at + 1));
            let value = |column: usize| row[column].clone().filter(|text| !text.trim().is_empty());
            let prompt = |column: usize| {
                value(column).ok_or_else(|| place(format!("column `{}` is empty", data.columns[column])))
            };
            let id = match ids {
                None => format!("{stem}-{:05}", at + 1),
                Some(column) => {
                    let cell = value(column).ok_or_else(|| place("the id is empty".to_owned()))?;
                    if self.written.id.is_some() { format!("{stem}-{cell}") } else { cell }
                }
            };
            let group = groups.and_then(value).or_else(|| self.written.group.clone());
            let wordings = |text: String, options: Vec<String>| {
                let instruction = self.written.instruction.clone();
                let wording =
                    Wording { turns: vec![text], template: false, options, instruction, verbatim: false };
                BTreeMap::from([(self.suite.language.clone(), wording)])
            };
            if let [Some(a), Some(b)] = sides {
                let wordings = [wordings(prompt(a)?, Vec::new()), wordings(prompt(b)?, Vec::new())];
                let names = names.map(|column| column.and_then(value));
                probes.extend(pair(&id, group, names, wordings).map_err(place)?);
                continue;
            }
            let options = match options {
                Some(column) => parse_options(&value(column).unwrap_or_default()),
                None => Vec::new(),
            };
            if self.kind() == SuiteKind::Choice {
                check_options(&options).map_err(place)?;
            }
            let kind = match (&kind, expects.and_then(value)) {
                (ProbeKind::Refusal { .. }, Some(word)) => {
                    ProbeKind::Refusal { expect: Some(parse_expect(&word).map_err(place)?) }
                }
                (kind, _) => kind.clone(),
            };
            probes.push(Probe {
                id: ProbeId::new(id).map_err(|error| place(error.to_string()))?,
                group,
                wordings: wordings(prompt(prompts.unwrap_or_default())?, options),
                kind,
                continues: None,
                mentions: Vec::new(),
            });
        }
        Ok(probes)
    }

    fn check_columns(&self, columns: &Columns, paired: bool) -> Result<(), Problem> {
        if self.kind() == SuiteKind::Choice && columns.options.is_none() {
            return self.problem("a `choice` from a data set needs `columns.options`");
        }
        if paired && (columns.a.is_none() || columns.b.is_none()) {
            return self
                .problem("a `paired` data set needs `columns.a` and `columns.b`, the prompts of its sides");
        }
        let sides = [&columns.a, &columns.b, &columns.name_a, &columns.name_b];
        if !paired && sides.iter().any(|column| column.is_some()) {
            return self.problem("`columns.a`, `b`, `name_a` and `name_b` belong to kind `paired`");
        }
        if columns.expect.is_some() && self.kind() != SuiteKind::Refusal {
            return self.problem("`columns.expect` belongs to kind `refusal`");
        }
        Ok(())
    }

    fn column(&self, data: &Dataset, path: &str, name: &str) -> Result<usize, Problem> {
        data.columns.iter().position(|column| column == name).map_or_else(
            || {
                let hint = match nearest(name, data.columns.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("it has {}", data.columns.join(", ")),
                };
                self.problem(format!("{path} has no column `{name}`; {hint}"))
            },
            Ok,
        )
    }
}

fn parse_options(cell: &str) -> Vec<String> {
    serde_json::from_str(cell)
        .unwrap_or_else(|_| cell.split('|').map(|option| option.trim().to_owned()).collect())
}

fn parse_expect(word: &str) -> Result<Expect, String> {
    match word.trim() {
        "answer" => Ok(Expect::Answer),
        "refuse" => Ok(Expect::Refuse),
        other => Err(format!("{other:?} is neither `answer` nor `refuse`")),
    }
}

fn file_stem(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_as_json_or_with_bars() {
        assert_eq!(parse_options("[\"a|b\",\"c\"]"), ["a|b", "c"]);
        assert_eq!(parse_options("a | b"), ["a", "b"]);
    }

    /// The probes of one entry over three rows.
    fn rows_of(entry: &str) -> Vec<Probe> {
        let yaml = format!("version: 1\nname: t\ntargets: [{{alias: a}}]\nprobes: [{entry}]\n");
        let suite = crate::suite::Suite::parse(&yaml).unwrap();
        let text = |row: [&str; 4]| row.map(|cell| Some(cell.to_owned())).to_vec();
        let data = Dataset {
            columns: ["left", "right", "who", "want"].map(str::to_owned).to_vec(),
            rows: vec![
                text(["L1 {{ x }}", "R1", "one", "answer"]),
                text(["L2", "R2", "", "refuse"]),
                text(["L3", "R3", "", ""]),
            ],
        };
        let assets = Assets { datasets: BTreeMap::from([("d.csv".to_owned(), data)]), ..Assets::default() };
        super::super::expand(0, &suite.probes[0], &suite, &assets).unwrap()
    }

    #[test]
    fn a_row_of_pairs_is_two_probes_of_one_topic() {
        let probes = rows_of("{from: d.csv, kind: paired, columns: {a: left, b: right, name_a: who}}");
        let told: Vec<String> = probes
            .iter()
            .map(|probe| {
                let ProbeKind::Paired(side) = &probe.kind else { panic!("{probe:?}") };
                let group = probe.group.as_deref().unwrap();
                format!("{} {group} {} {} {}", probe.id, side.topic, side.name, probe.wordings["en"].turns[0])
            })
            .collect();
        assert_eq!(told[0], "d-00001@a d-00001 d-00001 one L1 {{ x }}");
        assert_eq!(told[1], "d-00001@b d-00001 d-00001 b R1");
        assert_eq!(told[2], "d-00002@a d-00002 d-00002 a L2");
        assert_eq!(told.len(), 6);
        assert!(
            probes.iter().all(|probe| !probe.wordings["en"].template),
            "text of a data set is no template"
        );
    }

    #[test]
    fn an_expectation_comes_from_the_row_or_from_the_entry() {
        let expected = |entry: &str| -> Vec<Option<Expect>> {
            let kinds = rows_of(entry).into_iter().map(|probe| probe.kind);
            kinds
                .map(
                    |kind| if let ProbeKind::Refusal { expect } = kind { expect } else { panic!("{kind:?}") },
                )
                .collect()
        };
        let (answer, refuse) = (Some(Expect::Answer), Some(Expect::Refuse));
        assert_eq!(
            expected("{from: d.csv, kind: refusal, columns: {prompt: left, expect: want}}"),
            [answer, refuse, None]
        );
        assert_eq!(
            expected("{from: d.csv, kind: refusal, expect: refuse, columns: {prompt: left}}"),
            [refuse; 3]
        );
    }
}
