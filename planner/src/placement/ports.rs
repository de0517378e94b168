//! Host ports (scheduler plugin `NodePorts`).

use serde::Deserialize;

use super::pod::{Container, PodSpec};

const ANY_ADDRESS: &str = "0.0.0.0";
const DEFAULT_PROTOCOL: &str = "TCP";

/// A port of a container (core/v1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// Port in the container.
    pub container_port: u16,
    /// Port on the node; 0 = none.
    pub host_port: u16,
    /// `TCP` (also when empty), `UDP` or `SCTP`.
    pub protocol: String,
    /// Address on the node; empty = all.
    #[serde(rename = "hostIP")]
    pub host_ip: String,
}

/// A port that a pod takes on its node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    port: u16,
    protocol: String,
    /// Only `0.0.0.0` stands for all addresses; `::` is one like others.
    address: String,
}

impl HostPort {
    fn of(port: &ContainerPort) -> Option<Self> {
        let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
        (port.host_port > 0).then(|| Self {
            port: port.host_port,
            protocol: or(&port.protocol, DEFAULT_PROTOCOL),
            address: or(&port.host_ip, ANY_ADDRESS),
        })
    }

    fn clashes_with(&self, other: &Self) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.address == other.address || self.address == ANY_ADDRESS || other.address == ANY_ADDRESS)
    }
}

/// The ports that a pod takes: those of containers and sidecars. Plain init containers' ports are not looked at.
pub(super) fn host_ports(spec: &PodSpec) -> Vec<HostPort> {
    let sidecars = spec.init_containers.iter().filter(|container| container.is_sidecar());
    spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports).filter_map(HostPort::of).collect()
}

/// Whether one of `wanted` is taken by one of `taken`.
pub(super) fn clash(wanted: &[HostPort], taken: &[HostPort]) -> bool {
    wanted.iter().any(|port| taken.iter().any(|other| port.clashes_with(other)))
}

/// On the node's own network each port of a container is one of the node (`SetDefaultHostNetworkPorts`).
pub(super) fn default_host_network_ports(containers: &mut [Container]) {
    for port in containers.iter_mut().flat_map(|container| &mut container.ports) {
        if port.host_port == 0 {
            port.host_port = port.container_port;
        }
    }
}
