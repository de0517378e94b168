//! What the installed Kamaji accepts. It states its highest version nowhere, so it is asked for an impossible one, as a dry run:
//! the refusal names the highest. The rules of reading it stand in `planner::operator`.

use std::sync::Arc;
use std::time::Duration;

use kube::api::{Patch, PatchParams};
use kube::{Api, Client, Error};
use planner::operator::{Ceiling, OperatorKnowledge, PROBE_VERSION};
use planner::tenant::TenantSnapshot;
use planner::time::UnixMillis;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::change::FIELD_MANAGER;
use crate::errors::api_words;
use crate::resources::{TenantControlPlaneKind, Watched};

/// For how long (ms) an answer is believed: an operator is upgraded by hand, now and then.
const LEARNED_FOR_MS: i64 = 10 * 60_000;

/// For how long (ms) it is not asked again after it could not be learnt.
const UNKNOWN_FOR_MS: i64 = 30_000;

/// How long one question may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// On how many tenants it is tried: a webhook may refuse one for a reason of its own before it looks at the version.
const MOST_TRIED: usize = 3;

/// The probe and what it last learnt.
#[derive(Default)]
pub(crate) struct Probe {
    last: Mutex<Option<(UnixMillis, OperatorKnowledge)>>,
}

impl Probe {
    /// What is known, asked anew if what is remembered is old.
    pub(crate) async fn ask(
        &self,
        client: &Client,
        tenants: &[Arc<TenantSnapshot>],
        now: UnixMillis,
    ) -> OperatorKnowledge {
        let mut last = self.last.lock().await;
        if let Some((at, knowledge)) = &*last {
            let believed = match knowledge.ceiling {
                Ceiling::Learned { .. } => LEARNED_FOR_MS,
                Ceiling::Unknown { .. } => UNKNOWN_FOR_MS,
            };
            if (0..believed).contains(&now.since(*at)) {
                return knowledge.clone();
            }
        }
        let knowledge = learn(client, tenants, now).await;
        // Without any tenant there is nobody to ask; the first one that appears is asked at once.
        if !tenants.is_empty() {
            *last = Some((now, knowledge.clone()));
        }
        knowledge
    }
}

async fn learn(client: &Client, tenants: &[Arc<TenantSnapshot>], now: UnixMillis) -> OperatorKnowledge {
    let mut knowledge = OperatorKnowledge::unknown("there is no TenantControlPlane to ask Kamaji about");
    for tenant in tenants.iter().filter(|tenant| !tenant.deleting).take(MOST_TRIED) {
        knowledge = match probe(client, tenant).await {
            Ok(refusal) => OperatorKnowledge::from_probe(&refusal, now),
            Err(why) => OperatorKnowledge::unknown(why),
        };
        if matches!(knowledge.ceiling, Ceiling::Learned { .. }) {
            break;
        }
    }
    if let Ceiling::Unknown { why } = &knowledge.ceiling {
        tracing::info!("the highest version that Kamaji accepts is unknown: {why}");
    }
    knowledge
}

/// Kamaji's refusal, or why there is none.
async fn probe(client: &Client, tenant: &TenantSnapshot) -> Result<String, String> {
    let api: Api<Watched<TenantControlPlaneKind>> = Api::namespaced(client.clone(), &tenant.id.namespace);
    let params = PatchParams { dry_run: true, field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let patch = Patch::Merge(json!({"spec": {"kubernetes": {"version": PROBE_VERSION}}}));
    match timeout(ANSWER_WITHIN, api.patch(&tenant.id.name, &params, &patch)).await {
        Err(_) => Err(format!("no answer to the dry run within {} s", ANSWER_WITHIN.as_secs())),
        Ok(Ok(_)) => Err(format!("a dry run with {PROBE_VERSION} was accepted: Kamaji's webhook is not in force")),
        Ok(Err(Error::Api(status))) if status.message.starts_with("admission webhook ") => Ok(status.message.clone()),
        Ok(Err(error)) => Err(api_words(&error)),
    }
}
