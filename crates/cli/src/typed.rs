//! The command line as it was typed, for messages that say how to go on.

/// Options whose values often hold a secret, such as the token in a webhook's address.
const SECRET: [&str; 2] = ["--webhook", "--notify"];

/// What to type to run the same command again, with the values left out that nobody but who typed them may see.
pub(crate) fn again() -> String {
    line(std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()))
}

fn line(arguments: impl Iterator<Item = String>) -> String {
    let (mut line, mut is_secret) = ("antiphon".to_owned(), false);
    for argument in arguments {
        let option = argument.split_once('=').map_or(argument.as_str(), |(option, _)| option);
        let begins = SECRET.contains(&option);
        line.push(' ');
        line.push_str(&match (is_secret, begins && option != argument) {
            (true, _) => "…".to_owned(),
            (_, true) => format!("{option}=…"),
            _ => quoted(&argument),
        });
        is_secret = !is_secret && argument == option && begins;
    }
    line
}

/// An argument as a shell reads it back.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_not_said_again() {
        let said = |arguments: &[&str]| line(arguments.iter().map(|argument| (*argument).to_owned()));
        assert_eq!(
            said(&[
                "nightly",
                "a b",
                "--webhook",
                "http://h/t",
                "--notify=curl x",
                "--grace",
                "1s",
                "--webhook"
            ]),
            "antiphon nightly 'a b' --webhook … --notify=… --grace 1s --webhook"
        );
    }

    #[test]
    fn a_shell_reads_back_what_was_typed() {
        for argument in ["--run", "a b", "it's", "", "$HOME", "ü", "a\nb", "--only=x"] {
            let line = format!("printf %s {}", quoted(argument));
            let out = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(out.stdout).unwrap(), argument);
        }
    }
}
