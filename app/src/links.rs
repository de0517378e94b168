//! The addresses of the console's pages. State that a page shows stands in its address, so every address is made here.

use planner::plan::stored::PlanName;
use planner::tenant::TenantId;
use planner::version::KubernetesVersion;

/// The pages of one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantTab {
    /// Where it stands, and its versions.
    Overview,
    /// The strategy lab.
    Lab,
    /// The plan of a hop.
    Plan,
    /// The start page of a hop.
    Start,
    /// The rollout.
    Rollout,
    /// The workers.
    Workers,
}

/// Address of a tenant's page.
pub fn tenant(id: &TenantId, tab: TenantTab) -> String {
    let tail = match tab {
        TenantTab::Overview => "",
        TenantTab::Lab => "/lab",
        TenantTab::Plan => "/plan",
        TenantTab::Start => "/start",
        TenantTab::Rollout => "/rollout",
        TenantTab::Workers => "/workers",
    };
    format!("/tenants/{}/{}{tail}", encode(&id.namespace), encode(&id.name))
}

/// Address of the start page with a version and, if chosen, a strategy (its URL form: `100%/0`).
pub fn start(id: &TenantId, version: Option<&KubernetesVersion>, strategy: Option<&str>) -> String {
    let pairs: Vec<(&str, String)> = [
        version.map(|version| ("version", version.to_string())),
        strategy.map(|strategy| ("strategy", strategy.to_owned())),
    ]
    .into_iter()
    .flatten()
    .collect();
    format!("{}{}", tenant(id, TenantTab::Start), query(&pairs))
}

/// The name by which the address of the plan page asks for a stored plan.
pub const STORED: &str = "stored";

/// Address of a stored plan.
pub fn stored_plan(id: &TenantId, plan: &PlanName) -> String {
    format!("{}{}", tenant(id, TenantTab::Plan), query(&[(STORED, plan.to_string())]))
}

/// What a plan can be taken away as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanFile {
    /// For a ticket or a pull request.
    Markdown,
    /// For a program.
    Json,
}

impl PlanFile {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Markdown, Self::Json];

    /// Its path, as a route.
    pub fn route(self) -> &'static str {
        match self {
            Self::Markdown => "/tenants/{namespace}/{name}/plan.md",
            Self::Json => "/tenants/{namespace}/{name}/plan.json",
        }
    }
}

/// Address of a plan as a file; `query` with its `?`.
pub fn plan_file(id: &TenantId, file: PlanFile, query: &str) -> String {
    let ending = match file {
        PlanFile::Markdown => "md",
        PlanFile::Json => "json",
    };
    format!("{}.{ending}{query}", tenant(id, TenantTab::Plan))
}

/// What the runbook of a node can be taken away as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunbookFile {
    /// A script for a POSIX shell.
    Script,
    /// For a ticket.
    Markdown,
    /// For a program.
    Json,
}

impl RunbookFile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Script, Self::Markdown, Self::Json];

    /// Its path, as a route.
    pub fn route(self) -> &'static str {
        match self {
            Self::Script => "/tenants/{namespace}/{name}/workers/{node}/runbook.sh",
            Self::Markdown => "/tenants/{namespace}/{name}/workers/{node}/runbook.md",
            Self::Json => "/tenants/{namespace}/{name}/workers/{node}/runbook.json",
        }
    }
}

/// Address of a node's runbook as a file: from what its kubelet has to what the tenant wants.
pub fn runbook_file(id: &TenantId, node: &str, file: RunbookFile) -> String {
    let ending = match file {
        RunbookFile::Script => "sh",
        RunbookFile::Markdown => "md",
        RunbookFile::Json => "json",
    };
    format!("{}/{}/runbook.{ending}", tenant(id, TenantTab::Workers), encode(node))
}

/// Address of a tenant's live stream for one of its pages.
pub fn page_stream(id: &TenantId, tab: TenantTab) -> String {
    let also = if tab == TenantTab::Workers { "?workers" } else { "" };
    format!("{}{also}", tenant_stream(id))
}

/// Path of the lab without a tenant.
pub const LAB: &str = "/lab";

/// What the lab can be taken away as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabExport {
    /// The chosen film.
    Svg,
    /// All films, one row for each change.
    Csv,
    /// The comparison.
    Markdown,
}

impl LabExport {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Svg, Self::Csv, Self::Markdown];

    /// Its path.
    pub fn path(self) -> &'static str {
        match self {
            Self::Svg => "/lab/film.svg",
            Self::Csv => "/lab/films.csv",
            Self::Markdown => "/lab/comparison.md",
        }
    }
}

/// Address of a file of the lab; `query` with its `?`.
pub fn lab_export(file: LabExport, query: &str) -> String {
    format!("{}{query}", file.path())
}

/// Address of a tenant's live stream.
fn tenant_stream(id: &TenantId) -> String {
    format!("/live/tenants/{}/{}", encode(&id.namespace), encode(&id.name))
}

/// `?a=b&c=d`, percent-encoded; empty for no pairs.
pub fn query(pairs: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (key, value) in pairs {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(&encode(key));
        text.push('=');
        text.push_str(&encode(value));
    }
    text
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.extend(char::from_digit(u32::from(nibble), 16).map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use planner::tenant::TenantId;
    use planner::version::KubernetesVersion;

    use super::{TenantTab, query, start, tenant};

    #[test]
    fn names_cannot_leave_their_place_in_an_address() {
        let id = TenantId { namespace: "../a b".to_owned(), name: "x?y#z\"<é".to_owned() };
        assert_eq!(tenant(&id, TenantTab::Rollout), "/tenants/..%2Fa%20b/x%3Fy%23z%22%3C%C3%A9/rollout");
    }

    #[test]
    fn a_strategy_survives_in_a_query() {
        let id = TenantId { namespace: "team-a".to_owned(), name: "tenant-00".to_owned() };
        let version = KubernetesVersion::new(1, 36, 4);
        for (version, strategy, expected) in [
            (None, None, "/tenants/team-a/tenant-00/start"),
            (Some(&version), None, "/tenants/team-a/tenant-00/start?version=v1.36.4"),
            (Some(&version), Some("100%/0"), "/tenants/team-a/tenant-00/start?version=v1.36.4&strategy=100%25%2F0"),
        ] {
            assert_eq!(start(&id, version, strategy), expected);
        }
        assert_eq!(query(&[]), "");
        let hostile = [("a\"),\n#&=", "b".to_owned())];
        assert_eq!(query(&hostile), "?a%22%29%2C%0A%23%26%3D=b", "a name of somebody's own stays in its place");
    }
}
