//! Orders of bad behaviour, each for the next few requests of some kind.

use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::Operation;

/// What happens to a request instead of, or besides, what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// 409 ConditionalRequestConflict; nothing is written.
    Conflict,
    /// 500 InternalError; nothing is written.
    InternalError,
    /// 503 SlowDown; nothing is written.
    SlowDown,
    /// It is done that much later.
    Delay(Duration),
    /// It is taken and not done before [`Faults::release`], and then done even if the client has gone.
    HoldBefore,
    /// It is done and not answered before [`Faults::release`].
    HoldAfter,
    /// It is done; instead of an answer the connection is reset.
    Reset,
    /// A page of a listing ends after so many entries, perhaps after none, and says that there are more.
    Truncate(usize),
    /// A page of a listing lacks the object under its prefix that was written last.
    Stale,
}

/// Which requests are meant, and what happens to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What happens.
    pub fault: Fault,
    /// Only requests that want this; `None` is all.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// Only requests whose key, or for listings whose prefix, contains this.
    #[serde(default)]
    pub key: String,
    /// To so many of them, one after the other.
    #[serde(default = "one")]
    pub next: u64,
}

fn one() -> u64 {
    1
}

/// The orders of one server. A request obeys the oldest that fits it, and only that.
#[derive(Debug, Default)]
pub struct Faults {
    orders: Mutex<Vec<Order>>,
    held: watch::Sender<Held>,
}

/// The requests that are being held.
#[derive(Debug, Default)]
struct Held {
    waiting: usize,
    releases: u64,
}

impl Order {
    /// The next request of one kind whose key contains this.
    #[must_use]
    pub fn new(fault: Fault, operation: Operation, key: impl Into<String>) -> Self {
        Self { fault, operation: Some(operation), key: key.into(), next: 1 }
    }

    /// To so many requests.
    #[must_use]
    pub fn next(self, next: u64) -> Self {
        Self { next, ..self }
    }
}

impl Faults {
    /// Adds an order.
    pub fn order(&self, order: Order) {
        self.orders.lock().push(order);
    }

    /// Forgets all orders. What is held stays held.
    pub fn clear(&self) {
        self.orders.lock().clear();
    }

    /// The orders that still wait for requests.
    #[must_use]
    pub fn orders(&self) -> Vec<Order> {
        self.orders.lock().clone()
    }

    /// Lets go all requests that are held now, and says how many.
    pub fn release(&self) -> usize {
        let mut released = 0;
        self.held.send_modify(|held| {
            released = held.waiting;
            held.waiting = 0;
            held.releases += 1;
        });
        released
    }

    /// How many requests are held now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.borrow().waiting
    }

    /// Waits until so many requests are held.
    pub async fn until_held(&self, requests: usize) {
        let held = self.held.subscribe().wait_for(|held| held.waiting >= requests).await.map(drop);
        held.expect("it is sent from here");
    }

    /// What is to happen to this request.
    pub(crate) fn take(&self, operation: Operation, key: &str) -> Option<Fault> {
        let mut orders = self.orders.lock();
        let fits =
            |order: &Order| order.operation.is_none_or(|only| only == operation) && key.contains(&order.key);
        let found = orders.iter().position(|order| order.next > 0 && fits(order))?;
        let fault = orders[found].fault;
        orders[found].next -= 1;
        orders.retain(|order| order.next > 0);
        Some(fault)
    }

    /// Waits for the next release.
    pub(crate) async fn hold(&self) {
        let mut releases = 0;
        let mut held = self.held.subscribe();
        self.held.send_modify(|held| {
            held.waiting += 1;
            releases = held.releases;
        });
        held.wait_for(|held| held.releases > releases).await.map(drop).expect("it is sent from here");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_for_the_next_requests_that_fit_it() {
        let faults = Faults::default();
        faults.order(Order::new(Fault::SlowDown, Operation::PutObject, "results/").next(2));
        faults.order(Order { fault: Fault::Stale, operation: None, key: String::new(), next: 1 });
        assert_eq!(faults.take(Operation::PutObject, "results/1"), Some(Fault::SlowDown));
        assert_eq!(faults.take(Operation::PutObject, "plans/1"), Some(Fault::Stale));
        assert_eq!(faults.take(Operation::GetObject, "results/1"), None);
        assert_eq!(faults.take(Operation::PutObject, "results/2"), Some(Fault::SlowDown));
        assert_eq!(faults.take(Operation::PutObject, "results/3"), None);
        assert_eq!(faults.orders(), []);
    }

    #[tokio::test]
    async fn a_release_is_for_those_that_are_held() {
        let faults = Faults::default();
        let (one, two) = (faults.hold(), faults.hold());
        let tell = async {
            faults.until_held(2).await;
            assert_eq!((faults.release(), faults.held(), faults.release()), (2, 0, 0));
        };
        tokio::join!(one, two, tell);
    }
}
