//! Kubelets and kube-proxies against the API servers of this hop and the following one.

use std::collections::BTreeMap;

use super::{Hop, listed, not_checked, with_evidence};
use crate::finding::{Finding, Names, TenantFinding};
use crate::tenant_api::Part;
use crate::version::{KubernetesVersion, Minor};
use crate::workers::{
    KubeletVerdict, NodeFacts, PolicyLine, ProxyVerdict, Readiness, Serving, kube_proxy, kubelet, kubelet_reach,
};

impl Hop<'_> {
    pub(super) fn nodes(&self) -> Vec<Finding> {
        let nodes = match self.facts.nodes.or_why() {
            Ok(nodes) => nodes,
            Err(why) => return vec![not_checked(Part::Nodes, why)],
        };
        if nodes.is_empty() {
            return vec![TenantFinding::NoNodes.into()];
        }
        let mut findings = self.kubelets(nodes);
        findings.extend(self.proxies(nodes));
        let not_ready: Vec<&NodeFacts> = nodes.iter().filter(|node| node.readiness != Readiness::Ready).collect();
        findings.extend(Names::of(not_ready.iter().map(|node| node.name.as_str())).map(|nodes| {
            let evidence = listed(not_ready.iter().map(|node| format!("{} is {}", node.name, node.readiness)));
            with_evidence(TenantFinding::NodesNotReady { nodes }, evidence)
        }));
        findings
    }

    fn kubelets(&self, nodes: &[NodeFacts]) -> Vec<Finding> {
        let target = self.to.minor();
        let next = Minor { minor: target.minor + 1, ..target };
        let mut groups: BTreeMap<Place, Vec<&NodeFacts>> = BTreeMap::new();
        for node in nodes {
            groups.entry(self.place(node)).or_default().push(node);
        }
        let supported = groups.keys().all(|place| place.is_supported());
        let mut findings: Vec<Finding> = groups
            .into_iter()
            .filter_map(|(place, of)| {
                let nodes = Names::of(of.iter().map(|node| node.name.as_str()))?;
                let (finding, policy) = match place {
                    Place::TooOld => (TenantFinding::KubeletsTooOld { nodes, target }, Some(self.policy())),
                    Place::TooNew => (TenantFinding::KubeletsTooNew { nodes, target }, Some(PolicyLine::Kubelet)),
                    Place::Unreadable => (TenantFinding::KubeletsUnreadable { nodes }, None),
                    Place::Ahead => {
                        let serving = self.from?;
                        (TenantFinding::KubeletsAhead { nodes, serving }, Some(PolicyLine::Kubelet))
                    }
                    Place::HoldsNext => {
                        (TenantFinding::KubeletsHoldNext { nodes, next }, Some(PolicyLine::KubeletUpgrade))
                    }
                    Place::Fits => return None,
                };
                let names = listed(of.iter().map(|node| format!("{} {}", node.name, node.kubelet)));
                Some(with_evidence(finding, policy.map_or(names.clone(), |policy| format!("{names}. {policy}"))))
            })
            .collect();
        if supported {
            findings.push(TenantFinding::KubeletsFit { nodes: nodes.len(), target }.into());
        }
        findings
    }

    fn policy(&self) -> PolicyLine {
        if self.from.is_some_and(|from| from != self.to.minor()) {
            PolicyLine::KubeletMixed
        } else {
            PolicyLine::Kubelet
        }
    }

    fn place(&self, node: &NodeFacts) -> Place {
        let Ok(version) = node.kubelet.parsed() else { return Place::Unreadable };
        let (own, target) = (version.minor(), self.to.minor());
        match kubelet(own, Serving::only(target)) {
            KubeletVerdict::OtherMajor => Place::Unreadable,
            KubeletVerdict::TooNew { .. } => Place::TooNew,
            KubeletVerdict::TooOld { .. } => Place::TooOld,
            KubeletVerdict::Same | KubeletVerdict::Behind { .. } | KubeletVerdict::AtLimit { .. } => {
                if self.from.is_some_and(|from| own > from) {
                    Place::Ahead
                } else if target.minor + 1 - own.minor > kubelet_reach(own) {
                    Place::HoldsNext
                } else {
                    Place::Fits
                }
            }
        }
    }

    /// kube-proxy follows Kamaji before the API servers do, unless it is pinned: it is judged as it will be.
    fn proxies(&self, nodes: &[NodeFacts]) -> Vec<Finding> {
        if nodes.iter().all(|node| node.kube_proxy.read().is_none()) {
            return Vec::new();
        }
        let pinned = self.facts.pins.kube_proxy.as_deref().and_then(|tag| tag.parse::<KubernetesVersion>().ok());
        let will_be = pinned.unwrap_or_else(|| self.to.clone());
        let serving = Serving::only(self.to.minor());
        let mut unsupported: BTreeMap<String, (ProxyVerdict, Vec<&NodeFacts>)> = BTreeMap::new();
        for node in nodes {
            let Ok(own) = node.kubelet.parsed() else { continue };
            let verdict = kube_proxy(will_be.minor(), own.minor(), serving);
            if !verdict.is_supported() {
                unsupported.entry(verdict.to_string()).or_insert_with(|| (verdict, Vec::new())).1.push(node);
            }
        }
        if unsupported.is_empty() {
            return vec![TenantFinding::ProxiesFit { version: will_be }.into()];
        }
        let finding = |(verdict, of): (ProxyVerdict, Vec<&NodeFacts>)| {
            let nodes = Names::of(of.iter().map(|node| node.name.as_str()))?;
            let evidence = format!(
                "kube-proxy will be {will_be}; {}. {}",
                listed(of.iter().map(|node| format!("{} {}", node.name, node.kubelet))),
                PolicyLine::KubeProxy
            );
            Some(with_evidence(TenantFinding::ProxiesUnsupported { nodes, verdict }, evidence))
        };
        unsupported.into_values().filter_map(finding).collect()
    }
}

/// Where a kubelet stands in a hop, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    TooOld,
    TooNew,
    Unreadable,
    Ahead,
    HoldsNext,
    Fits,
}

impl Place {
    fn is_supported(self) -> bool {
        matches!(self, Self::Ahead | Self::HoldsNext | Self::Fits)
    }
}
