//! How far the workers of many tenants are: one bounded look at each, for a list of tenants that is open in a browser.
//!
//! No watch: whoever reads a list looks at no tenant in particular. The way in is opened as the person at every look, since that
//! read is their permission, so an answer that is kept is never shown to somebody who has lost the right to it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures::future::join_all;
use planner::tenant::TenantId;
use planner::tenant_api::{Answer, NotAsked};
use planner::version::KubernetesVersion;
use planner::workers::{Progress, progress};
use tokio::sync::{Mutex as AsyncMutex, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::ask::{Asker, bounded_to};
use super::read::nodes;
use super::{Looker, TenantAccess};
use crate::identity::Identity;

/// Tenants that are asked at the same time for one person, so that one whose tenants hang keeps nobody else waiting.
const AT_ONCE_EACH: usize = 8;
/// The same for all people together: tenants that hang must not fill the console with connections.
const AT_ONCE: usize = 32;
/// How long all tenants of one call may take together.
const ALL_WITHIN: Duration = Duration::from_secs(20);
/// How long one tenant may take in all, from its Secret to its last node.
const LOOK_WITHIN: Duration = Duration::from_secs(4);
/// Longest answer that is read (bytes): a page of Nodes with all of their images has a quarter of it.
const LONGEST_ANSWER: usize = 4 << 20;
/// How long an answer serves again.
const KEPT_FOR: Duration = Duration::from_secs(30);
/// Answers that are kept at most, counted by tenant and person.
const MOST_KEPT: usize = 2_000;

/// The looks that are under way, and what the last ones gave.
pub(super) struct Looks {
    at_once: Semaphore,
    at_once_each: Mutex<HashMap<Person, Weak<Semaphore>>>,
    places: Mutex<HashMap<Looker, Place>>,
}

/// Whose turns they are: the user with all of their groups.
type Person = (String, Vec<String>);

/// Where one person's answer about one tenant is kept. Who looks holds it, so whoever comes meanwhile waits for that look.
struct Place {
    answer: Arc<AsyncMutex<Option<Told>>>,
    taken_at: Instant,
}

/// What a tenant told.
struct Told {
    /// Of the kubeconfig by which it was asked.
    digest: Vec<u8>,
    target: KubernetesVersion,
    answer: Answer<Progress>,
    at: Instant,
}

impl Default for Looks {
    fn default() -> Self {
        Self { at_once: Semaphore::new(AT_ONCE), at_once_each: Mutex::default(), places: Mutex::default() }
    }
}

impl Looks {
    /// This person's own turns, which are forgotten when nobody has or waits for one.
    fn turns_of(&self, identity: &Identity) -> Arc<Semaphore> {
        let mut each = self.at_once_each.lock().unwrap_or_else(PoisonError::into_inner);
        each.retain(|_, turns| turns.strong_count() > 0);
        let person = (identity.user.clone(), identity.groups.clone());
        each.get(&person).and_then(Weak::upgrade).unwrap_or_else(|| {
            let turns = Arc::new(Semaphore::new(AT_ONCE_EACH));
            each.insert(person, Arc::downgrade(&turns));
            turns
        })
    }

    /// The place of this person's answer. Beyond the bound what was longest not looked at goes; what is held at this moment stays.
    fn place(&self, looker: Looker) -> Arc<AsyncMutex<Option<Told>>> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(place) = places.get_mut(&looker) {
            place.taken_at = now;
            return Arc::clone(&place.answer);
        }
        // An answer is younger than the look that brought it, by no more than that look took.
        places.retain(|_, place| place.is_held() || now.duration_since(place.taken_at) < 2 * KEPT_FOR);
        let answer = Arc::default();
        if places.len() >= MOST_KEPT {
            let idle = places.iter().filter(|(_, place)| !place.is_held());
            match idle.min_by_key(|(_, place)| place.taken_at).map(|(looker, _)| looker.clone()) {
                Some(oldest) => places.remove(&oldest),
                None => return answer,
            };
        }
        places.insert(looker, Place { answer: Arc::clone(&answer), taken_at: now });
        answer
    }
}

impl Place {
    fn is_held(&self) -> bool {
        Arc::strong_count(&self.answer) > 1
    }
}

impl Told {
    fn is_fresh(&self, target: &KubernetesVersion) -> bool {
        self.target == *target && self.at.elapsed() < KEPT_FOR
    }
}

impl TenantAccess {
    /// How far the workers of these tenants are on their way to these versions, in the same order; of each, why it was not asked or
    /// what its API answered.
    ///
    /// It never fails. A tenant takes no longer than 4 s once it is its turn, each person has eight turns at once and all together
    /// have 32, and what is not reached within 20 s counts as not answered. An answer serves again for 30 s, as long as the person
    /// may read the same kubeconfig, and waits for no turn.
    #[tracing::instrument(skip_all, fields(user = identity.user, tenants = wanted.len()))]
    pub async fn count_workers(
        &self,
        identity: &Identity,
        wanted: &[(TenantId, KubernetesVersion)],
    ) -> Vec<Result<Answer<Progress>, NotAsked>> {
        let due = Instant::now() + ALL_WITHIN;
        let turns = self.looks.turns_of(identity);
        let counts = wanted.iter().map(|(tenant, target)| {
            let count = timeout_at(due, self.count_workers_of(identity, &turns, tenant, target));
            async { count.await.unwrap_or(Ok(Answer::TimedOut { seconds: ALL_WITHIN.as_secs() })) }
        });
        join_all(counts).await
    }

    async fn count_workers_of(
        &self,
        identity: &Identity,
        turns: &Semaphore,
        tenant: &TenantId,
        target: &KubernetesVersion,
    ) -> Result<Answer<Progress>, NotAsked> {
        let place = self.looks.place(Looker::new(identity, tenant));
        let mut told = place.lock().await;
        let kept = told.as_ref().filter(|told| told.is_fresh(target));
        if let Some((digest, answer)) = kept.map(|told| (told.digest.clone(), told.answer.clone())) {
            match self.open(identity, tenant).await {
                Ok(opened) if opened.digest == digest => return Ok(answer),
                // Another way in, which is asked in its turn.
                Ok(_) => {}
                // A moment's silence of the management cluster takes the right from nobody; any other answer does.
                Err(NotAsked::SecretNotRead { .. }) => return Ok(answer),
                Err(why) => {
                    *told = None;
                    return Err(why);
                }
            }
        }
        // Neither is ever closed. One's own turn comes first: whoever waits for it keeps none of the others'.
        let _own = turns.acquire().await;
        let _turn = self.looks.at_once.acquire().await;
        let due = Instant::now() + LOOK_WITHIN;
        let opened = match self.open(identity, tenant).await {
            Ok(opened) => opened,
            Err(why) => {
                *told = None;
                return Err(why);
            }
        };
        let ask = Asker::new(bounded_to(LONGEST_ANSWER, &opened.client));
        let nodes = timeout_at(due, nodes::listed(&ask)).await;
        let answer = nodes.unwrap_or(Answer::TimedOut { seconds: LOOK_WITHIN.as_secs() });
        let answer = answer.map(|nodes| progress(&nodes, target));
        *told =
            Some(Told { digest: opened.digest, target: target.clone(), answer: answer.clone(), at: Instant::now() });
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Credentials, Visibility};

    fn looker(number: usize) -> Looker {
        let identity = Identity {
            user: "owner@team-a".to_owned(),
            groups: Vec::new(),
            sees: Visibility::All,
            via: Credentials::Own,
        };
        Looker::new(&identity, &TenantId { namespace: "team-a".to_owned(), name: format!("t{number}") })
    }

    fn kept(looks: &Looks) -> usize {
        looks.places.lock().expect("no test panicked inside").len()
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_answers_are_kept_than_the_bound_and_the_oldest_goes_first() {
        let looks = Looks::default();
        let held = looks.place(looker(0));
        for number in 1..MOST_KEPT + 5 {
            tokio::time::advance(Duration::from_millis(1)).await;
            looks.place(looker(number));
        }
        assert_eq!(kept(&looks), MOST_KEPT);
        let is_there = |number| looks.places.lock().expect("no test panicked inside").contains_key(&looker(number));
        assert!(is_there(0), "it is held");
        assert!(!is_there(1) && !is_there(5) && is_there(6));
        assert!(Arc::ptr_eq(&held, &looks.place(looker(0))), "whoever comes meanwhile waits for the same look");
        drop(held);
        tokio::time::advance(2 * KEPT_FOR).await;
        looks.place(looker(MOST_KEPT + 5));
        assert_eq!(kept(&looks), 1);
    }
}
