//! Users: drawn from pools, every combination of them, or written out.

use std::collections::BTreeMap;

use crate::manifest::Level;
use crate::resolve::Problem;
use crate::seed::pick;
use crate::suite::{Suite, Users};
use crate::{Seed, User, UserDesign, UserId, UserMode};

/// Most users of a run; a grid grows quickly.
const MOST_USERS: usize = 1_000_000;

/// Makes the users of a suite.
pub(crate) fn design(suite: &Suite) -> Result<UserDesign, Problem> {
    let users = &suite.users;
    let mode = mode(users, later(suite))?;
    for (id, wording) in &users.wordings {
        check_wording(format!("users.wordings.{id}"), wording)?;
    }
    let made = match mode {
        UserMode::Listed => listed(suite)?,
        UserMode::Drawn => drawn(suite),
        UserMode::Grid => grid(suite)?,
    };
    Ok(UserDesign { mode, users: made })
}

/// Users that may ask later, those of the beginning included.
fn later(suite: &Suite) -> u32 {
    suite.sampling.until.and_then(|until| until.max_users).unwrap_or_default()
}

fn mode(users: &Users, later: u32) -> Result<UserMode, Problem> {
    let problem = |text: &str| Err(Problem::at("users", text));
    match (users.draw, users.grid, &users.list) {
        (None, None, None) if !has_pools(users) => Ok(UserMode::Listed),
        (None, None, None) => {
            problem("pools are given, but not what to do with them; add `draw: 20` or `grid: true`")
        }
        (Some(0), ..) => problem("`draw` is 0; at least one user must ask"),
        (Some(n), None, None) if n as usize > MOST_USERS => problem("`draw` is more than 1,000,000 users"),
        (Some(_), None, None) if later as usize > MOST_USERS => {
            Err(Problem::at("sampling.until.max_users", "this is more than 1,000,000 users"))
        }
        (Some(_), None, None) => Ok(UserMode::Drawn),
        (None, Some(true), None) => Ok(UserMode::Grid),
        (None, Some(false), None) => {
            problem("`grid: false` says nothing; use `draw: N`, `grid: true` or `list`")
        }
        (None, None, Some(list)) if list.is_empty() => problem("`list` is empty; at least one user must ask"),
        (None, None, Some(_)) if has_pools(users) => {
            problem("`list` takes no pools; write each user's texts into the list")
        }
        (None, None, Some(_)) => Ok(UserMode::Listed),
        _ => problem("`draw`, `grid` and `list` exclude each other; keep one"),
    }
}

fn has_pools(users: &Users) -> bool {
    !(users.system_prompts.is_empty()
        && users.personas.is_empty()
        && users.wordings.is_empty()
        && users.languages.is_empty())
}

/// A wording without the question would ask everybody about nothing, and pay for it.
fn check_wording(place: String, wording: &str) -> Result<(), Problem> {
    if wording.contains("question") {
        return Ok(());
    }
    Err(Problem::at(place, "the wording leaves the question out; place it with `{{ question }}`"))
}

fn numbered(index: usize) -> UserId {
    UserId::new(format!("u{index:05}")).expect("a letter and digits")
}

fn end_user_id(suite: &Suite, id: &UserId) -> Option<String> {
    // Opaque on purpose: providers ask for no personal data here, and the suite's own names are nobody else's business.
    suite.users.send_user_id.then(|| {
        let hash = blake3::hash(format!("{} {} {id}", suite.name, suite.seed).as_bytes());
        hash.to_hex()[..32].to_owned()
    })
}

fn listed(suite: &Suite) -> Result<Vec<User>, Problem> {
    let Some(list) = &suite.users.list else {
        let id = UserId::new("user").expect("letters");
        let end_user_id = end_user_id(suite, &id);
        return Ok(vec![User {
            id,
            language: suite.language.clone(),
            system: None,
            persona: None,
            wording: None,
            end_user_id,
        }]);
    };
    let mut users: Vec<User> = Vec::with_capacity(list.len());
    for (index, listed) in list.iter().enumerate() {
        let place = format!("users.list[{index}]");
        let id = UserId::new(&listed.id).map_err(|error| Problem::at(&place, error.to_string()))?;
        if users.iter().any(|user| user.id == id) {
            return Err(Problem::at(&place, format!("the user id {:?} stands twice", listed.id)));
        }
        if let Some(wording) = &listed.wording {
            check_wording(format!("{place}.wording"), wording)?;
        }
        let level = |text: &Option<String>| text.clone().map(|text| Level { id: listed.id.clone(), text });
        users.push(User {
            end_user_id: end_user_id(suite, &id),
            id,
            language: listed.language.clone().unwrap_or_else(|| suite.language.clone()),
            system: level(&listed.system_prompt),
            persona: level(&listed.persona),
            wording: level(&listed.wording),
        });
    }
    Ok(users)
}

/// The pools as lists of levels; an empty pool has one level, absence.
struct Pools {
    systems: Vec<Option<Level>>,
    personas: Vec<Option<Level>>,
    wordings: Vec<Option<Level>>,
    languages: Vec<String>,
}

impl Pools {
    fn of(suite: &Suite) -> Self {
        let levels = |pool: &BTreeMap<String, String>| -> Vec<Option<Level>> {
            if pool.is_empty() {
                return vec![None];
            }
            pool.iter().map(|(id, text)| Some(Level { id: id.clone(), text: text.clone() })).collect()
        };
        let languages = &suite.users.languages;
        Self {
            systems: levels(&suite.users.system_prompts),
            personas: levels(&suite.users.personas),
            wordings: levels(&suite.users.wordings),
            languages: if languages.is_empty() { vec![suite.language.clone()] } else { languages.clone() },
        }
    }

    fn sizes(&self) -> [usize; 4] {
        [self.systems.len(), self.personas.len(), self.wordings.len(), self.languages.len()]
    }

    fn user(&self, suite: &Suite, index: usize, [system, persona, wording, language]: [usize; 4]) -> User {
        let id = numbered(index);
        User {
            end_user_id: end_user_id(suite, &id),
            id,
            language: self.languages[language].clone(),
            system: self.systems[system].clone(),
            persona: self.personas[persona].clone(),
            wording: self.wordings[wording].clone(),
        }
    }
}

fn drawn(suite: &Suite) -> Vec<User> {
    let pools = Pools::of(suite);
    let drawn = suite.users.draw.unwrap_or_default();
    // Those who may ask later are drawn with the others: who user k is does not depend on how many there will be.
    (0..drawn.max(later(suite)) as usize)
        .map(|index| {
            // One stream per user: raising `draw` leaves the users that are there as they are.
            let mut stream = Seed(suite.seed).stream(&["user", &index.to_string()]);
            pools.user(suite, index, pools.sizes().map(|size| pick(size, &mut stream)))
        })
        .collect()
}

fn grid(suite: &Suite) -> Result<Vec<User>, Problem> {
    let pools = Pools::of(suite);
    let sizes = pools.sizes();
    let count: usize = sizes.iter().product();
    if count > MOST_USERS {
        return Err(Problem::at(
            "users",
            format!("the grid has {count} users, more than 1,000,000; use `draw`"),
        ));
    }
    Ok((0..count)
        .map(|index| {
            let mut rest = index;
            let levels = sizes.map(|size| {
                let level = rest % size;
                rest /= size;
                level
            });
            pools.user(suite, index, levels)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(users: &str) -> Suite {
        Suite::parse(&format!(
            "version: 1\nname: t\ntargets: [{{alias: a}}]\nprobes: [{{id: p, prompt: hi}}]\nusers: {users}\n"
        ))
        .unwrap()
    }

    #[test]
    fn drawing_more_users_keeps_those_that_are_there() {
        let pools = "personas: {a: A, b: B, c: C}, languages: [en, de]";
        let few = design(&suite(&format!("{{draw: 5, {pools}}}"))).unwrap();
        let many = design(&suite(&format!("{{draw: 50, {pools}}}"))).unwrap();
        assert_eq!(few.users, many.users[..5]);
        assert_eq!(few.mode, UserMode::Drawn);
        let distinct: std::collections::BTreeSet<_> = many.users.iter().map(User::levels).collect();
        assert_eq!(distinct.len(), 6, "50 draws from 6 combinations meet them all");
    }

    #[test]
    fn a_grid_has_every_combination_once() {
        let made = design(&suite("{grid: true, personas: {a: A, b: B, c: C}, languages: [en, de]}")).unwrap();
        let distinct: std::collections::BTreeSet<_> = made.users.iter().map(User::levels).collect();
        assert_eq!((made.users.len(), distinct.len(), made.mode), (6, 6, UserMode::Grid));
    }

    #[test]
    fn contradictions_are_refused() {
        for bad in [
            "{draw: 0}",
            "{draw: 2, grid: true}",
            "{list: []}",
            "{list: [{id: a}, {id: a}]}",
            "{list: [{id: a}], personas: {a: A}}",
            "{personas: {a: A}}",
            "{grid: false}",
        ] {
            assert!(design(&suite(bad)).is_err(), "{bad}");
        }
    }
}
