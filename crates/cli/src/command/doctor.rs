//! `antiphon doctor`: is everything there that a run or a fleet needs, and what is to be done if not?

mod broker;
mod clock;
mod finding;
mod keys;
mod store;

use antiphon_queue::Queue;

use self::finding::{Finding, State};
use super::fleet::PATIENCE;
use super::open_store;
use crate::args::Arguments;
use crate::config::{self, Config, Environment};
use crate::exit::Exit;
use crate::output::Output;

pub(crate) async fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<Exit> {
    let config = config::find(arguments.config.as_deref(), None)?;
    let address = open_store::address(arguments, &config);
    let mut findings = vec![program(), configuration(&config)];
    findings.extend(keys::look(&config).await);
    findings.extend(store::look(&address, &config).await);
    findings.extend(clock::look(&address, &config).await);
    match config.broker(&Environment::default()) {
        Ok(Some(mut broker)) => {
            broker.settings.patience = PATIENCE;
            let queue = Queue::rabbitmq(broker.settings.clone());
            findings.extend(broker::look(&queue, &broker, &config).await);
        }
        Ok(None) => findings.push(broker::none()),
        Err(error) => findings.push(Finding::fail("broker", error, "correct [broker] in the configuration")),
    }
    if output.json {
        output.value(&findings);
    } else {
        findings.iter().for_each(|finding| finding.tell(*output));
    }
    let sick = findings.iter().any(|finding| finding.state == State::Fail);
    Ok(if sick { Exit::Usage } else { Exit::Complete })
}

fn program() -> Finding {
    Finding::ok("antiphon", format!("version {}", env!("CARGO_PKG_VERSION")))
}

fn configuration(config: &Config) -> Finding {
    match &config.path {
        Some(path) => Finding::ok("configuration", path.display()),
        None => Finding::warn(
            "configuration",
            "there is no antiphon.toml, so no target is known",
            "write one with `antiphon init`, or name it with --config",
        ),
    }
}
