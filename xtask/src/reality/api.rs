//! The management cluster's API, as its administrator.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::{
    Agent,
    tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig},
};

use super::run::{self, Run};

/// How long one request may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Pause between two looks at something that is waited for.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);

pub(crate) struct Api {
    agent: Agent,
    address: String,
}

impl Api {
    pub(crate) fn of(run: &Run) -> Result<Self> {
        let pem =
            |file: &str| fs::read(run::pki(file)).with_context(|| format!("the certificate file {file} is missing"));
        let authority = Certificate::from_pem(&pem("ca.crt")?)?;
        let own = ClientCert::new_with_certs(
            &[Certificate::from_pem(&pem("admin.crt")?)?],
            PrivateKey::from_pem(&pem("admin.key")?)?,
        );
        let tls =
            TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[authority])).client_cert(Some(own)).build();
        Ok(Self { agent: agent(tls), address: format!("https://127.0.0.1:{}", run.ports.api_server) })
    }

    /// The object; `None` if there is none.
    pub(crate) fn get(&self, path: &str) -> Result<Option<Value>> {
        let mut answer = self.agent.get(format!("{}{path}", self.address)).call()?;
        match answer.status().as_u16() {
            200 => Ok(Some(answer.body_mut().read_json()?)),
            404 => Ok(None),
            status => bail!("GET {path} was answered with {status}: {}", answer.body_mut().read_to_string()?),
        }
    }

    /// Whether the server serves.
    pub(crate) fn is_ready(&self) -> bool {
        self.agent.get(format!("{}/readyz", self.address)).call().is_ok_and(|answer| answer.status() == 200)
    }

    /// Server-side apply; the text is YAML or JSON.
    pub(crate) fn apply(&self, path: &str, object: &str) -> Result<()> {
        self.patch(&format!("{path}?fieldManager=reality&force=true"), "application/apply-patch+yaml", object)
    }

    /// A JSON merge patch.
    pub(crate) fn merge(&self, path: &str, patch: &Value) -> Result<()> {
        self.patch(&format!("{path}?fieldManager=reality"), "application/merge-patch+json", &patch.to_string())
    }

    fn patch(&self, path: &str, kind: &str, body: &str) -> Result<()> {
        let request = self.agent.patch(format!("{}{path}", self.address)).header("Content-Type", kind);
        let mut answer = request.send(body)?;
        if !answer.status().is_success() {
            bail!("PATCH {path} was answered with {}: {}", answer.status(), answer.body_mut().read_to_string()?);
        }
        Ok(())
    }
}

/// Whether something answers there with success, whoever it says it is.
pub(crate) fn answers(url: &str) -> bool {
    let tls = TlsConfig::builder().disable_verification(true).build();
    agent(tls).get(url).call().is_ok_and(|answer| answer.status() == 200)
}

fn agent(tls: TlsConfig) -> Agent {
    // A proxy of this machine's has no business here.
    let config =
        Agent::config_builder().tls_config(tls).http_status_as_error(false).timeout_global(Some(ANSWER_WITHIN));
    config.proxy(None).build().new_agent()
}

/// Look again and again until there is an answer.
///
/// # Errors
/// If a process of the run has ended, or it takes too long.
pub(crate) fn wait<T>(what: &str, within: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let until = Instant::now() + within;
    loop {
        let seen = look();
        if let Ok(Some(found)) = seen {
            return Ok(found);
        }
        Run::all_run_by_now()?;
        if Instant::now() > until {
            return Err(match seen {
                Err(error) => error.context(format!("waited {} s for {what}", within.as_secs())),
                Ok(_) => anyhow::anyhow!(
                    "waited {} s for {what} in vain; the logs are in {}",
                    within.as_secs(),
                    run::folder().join("logs").display()
                ),
            });
        }
        std::thread::sleep(LOOK_AGAIN_AFTER);
    }
}
