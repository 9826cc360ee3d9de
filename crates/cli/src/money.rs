//! Dollars and durations as people read them.

/// Dollars: cents, or more places where it is less than a dollar.
pub(crate) fn dollars(amount: f64) -> String {
    // The sum of nothing is -0. Sums of the same in another order differ in the last bits, and must not be rounded to different sides.
    let amount = (amount * 1e9).round() / 1e9 + 0.0;
    if amount != 0.0 && amount < 1.0 { format!("${amount:.4}") } else { format!("${amount:.2}") }
}

/// Dollars, rounded up: a budget of that much is enough.
pub(crate) fn at_least(amount: f64) -> String {
    let places = if amount < 1.0 { 1e4 } else { 1e2 };
    dollars((amount * places).ceil() / places)
}

/// A whole number with thousands separated.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Minutes as days, hours and minutes.
pub(crate) fn minutes(minutes: f64) -> String {
    if minutes < 1.0 {
        return format!("{:.0} s", (minutes * 60.0).ceil());
    }
    if minutes < 120.0 {
        return format!("{minutes:.0} min");
    }
    if minutes < 48.0 * 60.0 {
        format!("{:.1} h", minutes / 60.0)
    } else {
        format!("{:.1} days", minutes / 1440.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
        assert_eq!(counted(1, "job", "jobs"), "1 job");
        assert_eq!(counted(0, "job", "jobs"), "0 jobs");
        assert_eq!(dollars(0.0123), "$0.0123");
        assert_eq!(dollars(12.3), "$12.30");
        assert_eq!(dollars([].iter().sum()), "$0.00");
        assert_eq!(dollars(0.369_449_999_999_999), dollars(0.369_450_000_000_001));
        assert_eq!(minutes(0.5), "30 s");
        assert_eq!(at_least(0.012_31), "$0.0124");
        assert_eq!(at_least(0.999_99), "$1.00");
        assert_eq!(at_least(3.001), "$3.01");
        assert_eq!(minutes(600.0), "10.0 h");
    }
}
