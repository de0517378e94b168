//! What the nodes will meet, and the way back.

use super::{Hop, listed, not_checked, with_evidence};
use crate::finding::{Finding, Names, TenantFinding};
use crate::tenant_api::{Answer, Backup, Part};
use crate::time::UnixMillis;
use crate::version::Minor;
use crate::workers::{gated_fields, kubelet_patches};

/// A backup older than this is called old (h): a rule of this console.
pub const BACKUP_IS_FRESH_HOURS: i64 = 24;

const HOUR_MS: i64 = 3_600_000;

impl Hop<'_> {
    /// Judged for the kubelets that are there and those that come with this version.
    pub(super) fn kubelet_config(&self) -> Vec<Finding> {
        let config = match self.facts.kubelet_config.or_why() {
            Ok(config) => config,
            Err(why) => return vec![not_checked(Part::KubeletConfig, why)],
        };
        let mut kubelets: Vec<Minor> = self.facts.nodes.read().into_iter().flatten().filter_map(minor).collect();
        kubelets.push(self.to.minor());
        kubelets.sort_unstable();
        kubelets.dedup();
        let patches = kubelet_patches(config, &kubelets);
        let refused: Vec<Finding> = gated_fields()
            .iter()
            .filter_map(|field| {
                let kubelet = *kubelets.iter().find(|kubelet| !field.is_taken(config, **kubelet))?;
                let (field, gate) = (field.path.to_owned(), field.gate.to_owned());
                let patches = serde_json::to_string(&patches).unwrap_or_default();
                Some(with_evidence(
                    TenantFinding::KubeletConfigRefused { field, gate, kubelet, patches },
                    "kube-system/kubelet-config, which kubeadm writes onto each node that joins or is upgraded",
                ))
            })
            .collect();
        if refused.is_empty() { vec![TenantFinding::KubeletConfigSuits { kubelets }.into()] } else { refused }
    }

    pub(super) fn kubeadm_config(&self) -> Vec<Finding> {
        let says = match self.facts.kubeadm_config.or_why() {
            Ok(says) => says,
            Err(why) => return vec![not_checked(Part::KubeadmConfig, why)],
        };
        let Some(installed) = self.installed else { return Vec::new() };
        if says == installed {
            return vec![TenantFinding::KubeadmConfigAgrees { version: says.to_string() }.into()];
        }
        let (says, installed) = (says.to_string(), installed.to_string());
        vec![TenantFinding::KubeadmConfigDiffers { says, installed }.into()]
    }

    pub(super) fn budgets(&self) -> Vec<Finding> {
        let (all, exhausted) = match self.facts.budgets.or_why() {
            Ok(budgets) => budgets,
            Err(why) => return vec![not_checked(Part::Budgets, why)],
        };
        let Some(budgets) = Names::of(exhausted.iter().map(|budget| budget.name.as_str())) else {
            return vec![TenantFinding::BudgetsAllow { budgets: *all }.into()];
        };
        let evidence = listed(exhausted.iter().map(|budget| {
            format!("{}: {} of {} pods healthy, {} wanted", budget.name, budget.healthy, budget.pods, budget.wanted)
        }));
        vec![with_evidence(TenantFinding::BudgetsExhausted { budgets }, evidence)]
    }

    pub(super) fn add_ons(&self) -> Vec<Finding> {
        let running = match &self.facts.add_ons {
            Answer::Read(running) => {
                let running: Vec<String> = running.iter().map(|it| format!("{} {}", it.add_on, it.version)).collect();
                if running.is_empty() {
                    "none is seen running".to_owned()
                } else {
                    format!("running: {}", running.join(", "))
                }
            }
            other => format!("what runs was not read: {other}"),
        };
        let pinned: Vec<Finding> = self
            .facts
            .pins
            .given()
            .map(|(add_on, version)| {
                with_evidence(TenantFinding::AddOnPinned { add_on, version: version.to_owned() }, running.clone())
            })
            .collect();
        if pinned.is_empty() { vec![with_evidence(TenantFinding::AddOnsFollow, running)] } else { pinned }
    }

    pub(super) fn backups(&self, now: UnixMillis) -> Vec<Finding> {
        let evidence = match &self.facts.backups {
            Answer::Read(backups) => match backups.iter().max_by_key(|backup| backup.completed_at) {
                Some(newest) => {
                    let Backup { name, completed_at } = newest.clone();
                    let finding = if now.since(completed_at) <= BACKUP_IS_FRESH_HOURS * HOUR_MS {
                        TenantFinding::BackupSeen { name, completed_at }
                    } else {
                        TenantFinding::BackupOld { name, completed_at }
                    };
                    return vec![with_evidence(finding, "what it holds was not looked at")];
                }
                None => "Velero is there, without a completed backup".to_owned(),
            },
            Answer::Missing => {
                "there is no Velero in the tenant; snapshots of the DataStore are not seen from here".to_owned()
            }
            other => format!("Velero's backups: {other}"),
        };
        vec![with_evidence(TenantFinding::NoBackupSeen, evidence)]
    }
}

fn minor(node: &crate::workers::NodeFacts) -> Option<Minor> {
    node.kubelet.parsed().ok().map(|version| version.minor())
}
