//! Values of rows, and the paths by which they are found.

use std::borrow::Cow;

use serde_json::Value;

use crate::error::Refusal;

/// Longest text of a field, in bytes.
pub(crate) const LONGEST: usize = 64 << 20;

/// Where a value stands in a row: a column, or a path into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The column at that place.
    Column(usize),
    /// A path into the row's object.
    Path(String),
    /// A path into what the whole file says.
    Header(String),
    /// The same for all rows.
    Constant(String),
}

/// A row.
#[derive(Debug)]
pub(crate) enum Row<'a> {
    Cells(&'a [Value]),
    Object { object: &'a Value, header: &'a Value },
}

impl Row<'_> {
    /// The value there, if it is there and not null.
    pub(crate) fn get<'s>(&'s self, source: &'s Source) -> Option<Cow<'s, Value>> {
        let found = match (self, source) {
            (_, Source::Constant(text)) => return Some(Cow::Owned(Value::String(text.clone()))),
            (Self::Cells(cells), Source::Column(at)) => cells.get(*at),
            (Self::Object { object, .. }, Source::Path(path)) => at(object, path),
            (Self::Object { header, .. }, Source::Header(path)) => at(header, path),
            _ => None,
        };
        found.filter(|value| !value.is_null()).map(Cow::Borrowed)
    }
}

/// The value at a dotted path; numbers are places in lists. A key that has dots itself is found too.
pub(crate) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    for (dot, _) in path.match_indices('.') {
        let (first, rest) = (&path[..dot], &path[dot + 1..]);
        let inner = match value {
            Value::Array(list) => first.parse::<usize>().ok().and_then(|place| list.get(place)),
            other => other.get(first),
        };
        if let Some(found) = inner.and_then(|inner| at(inner, rest)) {
            return Some(found);
        }
    }
    match value {
        Value::Array(list) => path.parse::<usize>().ok().and_then(|place| list.get(place)),
        _ => None,
    }
}

/// A value as text. A list of parts that hold texts, as chat messages do, is these texts.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) if !parts.is_empty() && parts.iter().all(Value::is_object) => {
            let texts = parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str));
            texts.collect::<Vec<_>>().join("\n")
        }
        other => other.to_string(),
    }
}

/// A whole number, 0 or more.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole_of(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole_of(text.parse().ok()?))
        }
        _ => None,
    }
}

fn whole_of(number: f64) -> Option<u64> {
    // Tables with gaps turn whole numbers into 3.0.
    if number.fract() == 0.0 && (0.0..9e15).contains(&number) {
        format!("{number:.0}").parse().ok()
    } else {
        None
    }
}

/// A score as a number, by Inspect's rules: C, I, P and N, yes and no, true and false, and numbers. What is no finite number is no score.
pub(crate) fn score(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => match text.trim() {
            "C" => 1.0,
            "P" => 0.5,
            "I" | "N" => 0.0,
            other => match other.to_lowercase().as_str() {
                "yes" | "true" => 1.0,
                "no" | "false" => 0.0,
                number => number.parse().ok()?,
            },
        },
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// Milliseconds since 1970: from an RFC 3339 time, or seconds or milliseconds as a number.
pub(crate) fn time_ms(value: &Value) -> Result<u64, Refusal> {
    let refuse = || {
        Refusal::new(format!(
            "{} is no time: write 2026-01-31T12:00:00Z, or seconds since 1970",
            short(&text(value))
        ))
    };
    let number = match value {
        Value::Number(number) => number.as_f64(),
        other => text(other).trim().parse::<f64>().ok(),
    };
    if let Some(number) = number {
        // Seconds reach 1e11 in the year 5138, milliseconds did in 1973; so it is with micro- and nanoseconds.
        let ms = match number {
            seconds if seconds < 1e11 => seconds * 1e3,
            ms if ms < 1e14 => ms,
            micros if micros < 1e17 => micros / 1e3,
            nanos => nanos / 1e6,
        };
        return whole_of(ms.round()).ok_or_else(refuse);
    }
    let written = text(value);
    let written = written.trim();
    let with_zone = || written.parse::<jiff::Timestamp>();
    let without = || format!("{}Z", written.replacen(' ', "T", 1)).parse::<jiff::Timestamp>();
    let stamp = with_zone().or_else(|_| without()).map_err(|_| refuse())?;
    u64::try_from(stamp.as_millisecond()).map_err(|_| refuse())
}

/// A value as it is quoted in a message.
pub(crate) fn short(text: &str) -> String {
    let head: String = text.chars().take(40).collect();
    if head.len() < text.len() { format!("{head:?}…") } else { format!("{head:?}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_leads_through_objects_lists_and_keys_with_dots() {
        let value = json!({"a": {"b": [{"c": 1}, {"c": 2}]}, "x.y": {"z": 3}});
        assert_eq!(at(&value, "a.b.1.c"), Some(&json!(2)));
        assert_eq!(at(&value, "x.y.z"), Some(&json!(3)));
        assert_eq!(at(&value, "a.q"), None);
    }

    #[test]
    fn scores_are_read_as_inspect_reads_them() {
        for (value, expected) in [
            (json!("C"), Some(1.0)),
            (json!("P"), Some(0.5)),
            (json!("N"), Some(0.0)),
            (json!("Yes"), Some(1.0)),
            (json!(false), Some(0.0)),
            (json!("0.25"), Some(0.25)),
            (json!("NaN"), None),
            (json!("good"), None),
            (json!([1]), None),
        ] {
            assert_eq!(score(&value), expected, "{value}");
        }
    }

    #[test]
    fn times_come_in_many_forms() {
        for value in [
            json!("2026-01-02T03:04:05Z"),
            json!("2026-01-02 03:04:05"),
            json!("2026-01-02T04:04:05+01:00"),
            json!(1_767_323_045),
            json!("1767323045000"),
        ] {
            assert_eq!(time_ms(&value).unwrap(), 1_767_323_045_000, "{value}");
        }
        assert!(time_ms(&json!("yesterday")).unwrap_err().reason.contains("\"yesterday\" is no time"));
        assert_eq!((whole(&json!("3.0")), whole(&json!(2.5)), whole(&json!(-1))), (Some(3), None, None));
    }
}
