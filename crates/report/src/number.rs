//! How numbers are shown. What is undefined is a dash, and its note stands beside it.

use antiphon_core::summary::Estimate;
use maud::{Markup, html};

/// Where a number would stand if it were defined.
pub(crate) const UNDEFINED: &str = "–";

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Three decimals: agreement near 1 must not read as 1.
    Decimal,
    /// A share in per cent, one decimal.
    Percent,
}

impl Form {
    /// The number in words of this form, with a true minus sign.
    pub(crate) fn write(self, value: f64) -> String {
        match self {
            Self::Decimal => signed(value, 3),
            Self::Percent if value > 0.0 && value < 0.000_5 => "<0.1 %".to_owned(),
            Self::Percent if (0.999_5..1.0).contains(&value) => ">99.9 %".to_owned(),
            Self::Percent => format!("{} %", signed(100.0 * value, 1)),
        }
    }

    /// The number, or a dash.
    pub(crate) fn or_dash(self, value: Option<f64>) -> String {
        value.map_or_else(|| UNDEFINED.to_owned(), |value| self.write(value))
    }

    /// `0.71 to 0.86`, or nothing where there is no interval.
    pub(crate) fn interval(self, estimate: &Estimate) -> Option<String> {
        match (estimate.low, estimate.high) {
            (None, None) => None,
            // One per cent sign is enough for both ends.
            (low, high) => {
                let (low, high) = (self.or_dash(low), self.or_dash(high));
                Some(format!(
                    "{} to {high}",
                    if high.ends_with(" %") { low.trim_end_matches(" %") } else { &low }
                ))
            }
        }
    }

    /// The number and its interval in one line of text, for text alternatives and the terminal.
    pub(crate) fn sentence(self, estimate: &Estimate) -> String {
        let value = estimate.value.map_or_else(|| "undefined".to_owned(), |value| self.write(value));
        match self.interval(estimate) {
            Some(interval) => format!("{value}, 95 % interval {interval}"),
            None => value,
        }
    }

    /// The number, and below it the interval or the note that says why there is none.
    pub(crate) fn stacked(self, estimate: &Estimate) -> Markup {
        html! {
            span.value { (self.or_dash(estimate.value)) }
            @if let Some(interval) = self.interval(estimate) { " " span.interval { (interval) } }
            (note(estimate))
        }
    }
}

/// Why something is absent, if it is.
pub(crate) fn note(estimate: &Estimate) -> Markup {
    html! { @if let Some(note) = &estimate.note { " " small.note { (crate::visible::inline(note)) } } }
}

/// A count with its digits in groups of three.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 probe`, `2 probes`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Fixed decimals. What rounds to zero has no sign.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|c| c == '0' || c == '.') => zero.to_owned(),
        Some(magnitude) => format!("−{magnitude}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_never_claim_more_than_they_are() {
        assert_eq!(Form::Decimal.write(0.9987), "0.999");
        assert_eq!(Form::Decimal.write(-0.0001), "0.000");
        assert_eq!(Form::Decimal.write(-0.02), "−0.020");
        assert_eq!(Form::Percent.write(0.999_96), ">99.9 %");
        assert_eq!(Form::Percent.write(0.000_1), "<0.1 %");
        assert_eq!(Form::Percent.write(0.0), "0.0 %");
        assert_eq!(Form::Percent.write(1.0), "100.0 %");
    }

    #[test]
    fn an_interval_says_per_cent_once() {
        let share = Estimate { low: Some(0.1), high: Some(0.25), ..Estimate::default() };
        assert_eq!(Form::Percent.interval(&share).as_deref(), Some("10.0 to 25.0 %"));
        assert_eq!(Form::Decimal.interval(&share).as_deref(), Some("0.100 to 0.250"));
        assert_eq!(Form::Percent.interval(&Estimate { high: None, ..share }).as_deref(), Some("10.0 % to –"));
    }

    #[test]
    fn an_undefined_number_is_a_dash_with_its_note() {
        let estimate = Estimate { note: Some("only one user".to_owned()), ..Estimate::default() };
        let shown = Form::Decimal.stacked(&estimate).into_string();
        assert!(shown.contains('–') && shown.contains("only one user"), "{shown}");
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }
}
