//! A data set as probes, row by row. Its text is data, never a template.

use std::collections::BTreeMap;

use super::{Entry, check_options};
use crate::manifest::{Probe, Wording};
use crate::resolve::{Assets, Dataset, Problem};
use crate::suite::SuiteKind;
use crate::{ProbeId, nearest};

impl Entry<'_> {
    pub(super) fn dataset(&self, path: &str, assets: &Assets) -> Result<Vec<Probe>, Problem> {
        let Some(data) = assets.datasets.get(path) else {
            return self.problem(format!("the data set {path} was not read"));
        };
        let columns = self.written.columns.clone().unwrap_or_default();
        let prompts = self.column(data, path, &columns.prompt)?;
        let ids = columns.id.as_deref().map(|name| self.column(data, path, name)).transpose()?;
        let groups = columns.group.as_deref().map(|name| self.column(data, path, name)).transpose()?;
        let options = columns.options.as_deref().map(|name| self.column(data, path, name)).transpose()?;
        if self.kind() == SuiteKind::Choice && options.is_none() {
            return self.problem("a `choice` from a data set needs `columns.options`");
        }
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
            let prompt =
                value(prompts).ok_or_else(|| place(format!("column `{}` is empty", columns.prompt)))?;
            let id = match ids {
                None => format!("{stem}-{:05}", at + 1),
                Some(column) => {
                    let cell = value(column).ok_or_else(|| place("the id is empty".to_owned()))?;
                    if self.written.id.is_some() { format!("{stem}-{cell}") } else { cell }
                }
            };
            let options = match options {
                Some(column) => parse_options(&value(column).unwrap_or_default()),
                None => Vec::new(),
            };
            if self.kind() == SuiteKind::Choice {
                check_options(&options).map_err(place)?;
            }
            let wording = Wording {
                turns: vec![prompt],
                template: false,
                options,
                instruction: self.written.instruction.clone(),
            };
            probes.push(Probe {
                id: ProbeId::new(id).map_err(|error| place(error.to_string()))?,
                group: groups.and_then(value).or_else(|| self.written.group.clone()),
                wordings: BTreeMap::from([(self.suite.language.clone(), wording)]),
                kind: kind.clone(),
            });
        }
        Ok(probes)
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
}
