//! Applies, checks and deletes all that the broker is to have.

use antiphon_core::{AGGREGATE, PoolId};
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};

use super::declare::{Seen, declare, declare_all, look, messages};
use super::failure::{ACCESS_REFUSED, Failure, NOT_FOUND, PRECONDITION_FAILED};
use super::management::{Api, Management};
use super::pieces::{self, Piece};
use super::policies::policies;
use super::session::Session;
use super::{RabbitMqQueue, settings::RabbitMqSettings};
use crate::QueueError;
use crate::topology::{Extent, Finding, Policies};

/// All for these pools, and for those who sum up. The queue of these is no part of what everybody needs: most fleets have none of them, and
/// services may make no queue.
fn all(pools: &[PoolId]) -> Vec<Piece> {
    let aggregate = PoolId::new(AGGREGATE).expect("it is an id");
    let of_pools = pools.iter().chain([&aggregate]).flat_map(pieces::of_pool);
    pieces::fixed().into_iter().chain(of_pools).collect()
}

fn meant(extent: &Extent) -> Vec<Piece> {
    match extent {
        Extent::Everything(pools) => all(pools),
        Extent::Pools(pools) => pools.iter().flat_map(pieces::of_pool).collect(),
    }
}

impl RabbitMqQueue {
    pub(crate) async fn apply(
        &self,
        pools: &[PoolId],
        management: Option<&Management>,
    ) -> Result<Policies, QueueError> {
        let session = self.session().await?;
        declare_all(&session, &all(pools)).await.map_err(|failure| self.failed(failure))?;
        let vhost = &self.settings().vhost;
        let Some(management) = management else {
            return Ok(Policies::ToSet(policies().iter().map(|policy| policy.command(vhost)).collect()));
        };
        let api = Api::new(management, vhost)?;
        for policy in policies() {
            api.set(&policy).await?;
        }
        Ok(Policies::Set)
    }

    pub(crate) async fn findings(
        &self,
        pools: &[PoolId],
        management: Option<&Management>,
    ) -> Result<Vec<Finding>, QueueError> {
        let session = self.session().await?;
        let mut findings = Vec::new();
        for piece in all(pools) {
            findings.extend(examine(&session, &piece).await.map_err(|failure| self.failed(failure))?);
        }
        if let Some(management) = management {
            let api = Api::new(management, &self.settings().vhost)?;
            findings.extend(unbound(&api, pools).await?);
            for policy in policies() {
                let what = format!("policy {}", policy.name);
                findings.extend(match api.policy(&policy.name).await? {
                    None => Some(Finding::Missing { what }),
                    Some(found) if found == policy => None,
                    Some(found) => Some(Finding::Differs {
                        what,
                        how: format!("it says {} for {}", found.definition, found.pattern),
                    }),
                });
            }
        }
        Ok(findings)
    }

    pub(crate) async fn waiting(&self, extent: &Extent) -> Result<Vec<(String, u32)>, QueueError> {
        let session = self.session().await?;
        let mut found = Vec::new();
        for piece in meant(extent) {
            let Piece::Queue { name, .. } = piece else { continue };
            let waiting = waiting(&session, &name).await.map_err(|failure| self.failed(failure))?;
            if waiting > 0 {
                found.push((name, waiting));
            }
        }
        Ok(found)
    }

    pub(crate) async fn delete(
        &self,
        extent: &Extent,
        management: Option<&Management>,
        with_messages: bool,
    ) -> Result<(), QueueError> {
        // Quorum queues do not know "if empty".
        if !with_messages && let Some((queue, messages)) = self.waiting(extent).await?.pop() {
            return Err(QueueError::NotEmpty { queue, messages });
        }
        let session = self.session().await?;
        let pieces = meant(extent);
        // Queues first: what is published in between is told that no queue takes it.
        let queues = pieces.iter().filter(|piece| matches!(piece, Piece::Queue { .. }));
        let exchanges = pieces.iter().filter(|piece| matches!(piece, Piece::Exchange { .. }));
        for piece in queues.chain(exchanges) {
            remove(&session, piece).await.map_err(|failure| self.failed(failure))?;
        }
        if let (Extent::Everything(_), Some(management)) = (extent, management) {
            let api = Api::new(management, &self.settings().vhost)?;
            for policy in policies() {
                api.unset(&policy.name).await?;
            }
        }
        Ok(())
    }

    fn failed(&self, failure: Failure) -> QueueError {
        failure.into_error(&RabbitMqSettings::to_string(self.settings()))
    }
}

/// What is wrong with a piece, as far as this user may know.
async fn examine(session: &Session, piece: &Piece) -> Result<Option<Finding>, Failure> {
    let what = match piece {
        Piece::Exchange { name, .. } => format!("exchange {name}"),
        Piece::Queue { name, .. } => format!("queue {name}"),
        Piece::Binding { .. } => return Ok(None),
    };
    match look(session, &session.channel().await?, piece).await? {
        Seen::There => {}
        Seen::Missing => return Ok(Some(Finding::Missing { what })),
        Seen::Hidden => return Ok(Some(Finding::Hidden { what })),
    }
    // Declaring what is there changes nothing, but compares it.
    match declare(session, &session.channel().await?, piece).await {
        Err(failure) if failure.is(PRECONDITION_FAILED) => {
            Ok(Some(Finding::Differs { what, how: failure.reason().to_owned() }))
        }
        Err(failure) if failure.is(ACCESS_REFUSED) => Ok(None),
        declared => declared.map(|()| None),
    }
}

async fn unbound(api: &Api<'_>, pools: &[PoolId]) -> Result<Vec<Finding>, QueueError> {
    let mut findings = Vec::new();
    for piece in all(pools) {
        let Piece::Binding { exchange, queue, key } = piece else { continue };
        let bound = api.bindings(&exchange).await?;
        if !bound.iter().any(|bound| bound.destination == queue && bound.routing_key == key) {
            findings.push(Finding::Missing { what: format!("binding of {queue} to {exchange} by {key:?}") });
        }
    }
    Ok(findings)
}

async fn waiting(session: &Session, queue: &str) -> Result<u32, Failure> {
    match messages(session, &session.channel().await?, queue).await {
        Err(failure) if failure.is(NOT_FOUND) => Ok(0),
        counted => counted,
    }
}

/// Nothing happens if it is not there.
async fn remove(session: &Session, piece: &Piece) -> Result<(), Failure> {
    let channel = session.channel().await?;
    match piece {
        Piece::Queue { name, .. } => {
            session.ask(channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default())).await?;
        }
        Piece::Exchange { name, .. } => {
            session
                .ask(channel.exchange_delete(name.as_str().into(), ExchangeDeleteOptions::default()))
                .await?;
        }
        Piece::Binding { .. } => {}
    }
    Ok(())
}
