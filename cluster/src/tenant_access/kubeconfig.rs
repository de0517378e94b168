//! What is taken from the kubeconfig in a tenant's Secret: an address and credentials that stand in it, and nothing else.
//!
//! A kubeconfig can name programs to run, files to read and proxies to go through. This one comes out of a cluster, where whoever
//! may write the Secret chooses what stands in it, so each of these is refused: it must be able to do no more than to be wrong.
//! No refusal repeats what stands there.

use http::Uri;
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext,
};

use super::{CONNECT_WITHIN, Transport};

/// The one name that cluster, user and context get.
const NAME: &str = "tenant";

/// The places that a tenant's kubeconfig may lead to: what Kamaji itself reports, and its Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    /// Host names and addresses.
    pub(super) hosts: Vec<String>,
}

impl Expected {
    /// The public endpoint as `host:port`, and the Service of the control plane.
    pub(super) fn of(endpoint: Option<&str>, namespace: &str, name: &str) -> Self {
        let endpoint = endpoint.and_then(|endpoint| format!("https://{endpoint}").parse::<Uri>().ok());
        let endpoint = endpoint.as_ref().and_then(Uri::host).map(str::to_owned);
        Self { hosts: endpoint.into_iter().chain([format!("{name}.{namespace}.svc")]).collect() }
    }
}

/// Reads a kubeconfig and says how a client connects by it.
///
/// # Errors
/// Why it is not used, as part of a sentence.
pub(super) async fn accept(text: &str, expected: &Expected, transport: Transport) -> Result<Config, String> {
    let given = Kubeconfig::from_yaml(text).map_err(|_| "it cannot be read".to_owned())?;
    let context = current(&given)?;
    let named = given.clusters.iter().find(|named| named.name == context.cluster);
    let cluster = named.and_then(|named| named.cluster.as_ref()).ok_or("its context names no cluster")?;
    let named = given.auth_infos.iter().find(|named| Some(&named.name) == context.user.as_ref());
    let user = named.and_then(|named| named.auth_info.as_ref()).ok_or("its context names no user")?;
    let cluster = plain_cluster(cluster, expected, transport)?;
    let user = plain_user(user)?;
    let plain = Kubeconfig {
        clusters: vec![NamedCluster { name: NAME.to_owned(), cluster: Some(cluster), ..NamedCluster::default() }],
        auth_infos: vec![NamedAuthInfo { name: NAME.to_owned(), auth_info: Some(user), ..NamedAuthInfo::default() }],
        contexts: vec![NamedContext {
            name: NAME.to_owned(),
            context: Some(Context { cluster: NAME.to_owned(), user: Some(NAME.to_owned()), ..Context::default() }),
            ..NamedContext::default()
        }],
        current_context: Some(NAME.to_owned()),
        ..Kubeconfig::default()
    };
    let config = Config::from_custom_kubeconfig(plain, &KubeConfigOptions::default()).await;
    let mut config = config.map_err(|_| "its certificate authority cannot be read".to_owned())?;
    config.connect_timeout = Some(CONNECT_WITHIN);
    // A question has its own limit, which a silent repetition would only use up.
    config.default_retry = false;
    Ok(config)
}

fn current(given: &Kubeconfig) -> Result<&Context, String> {
    let name = given.current_context.as_ref().ok_or("it has no current context")?;
    let named = given.contexts.iter().find(|named| named.name == *name);
    Ok(named.and_then(|named| named.context.as_ref()).ok_or("its current context is not in it")?)
}

fn plain_cluster(given: &Cluster, expected: &Expected, transport: Transport) -> Result<Cluster, String> {
    let refused = [
        (given.certificate_authority.is_some(), "it names a file for the certificate authority"),
        (given.insecure_skip_tls_verify == Some(true), "it asks not to verify the server's certificate"),
        (given.proxy_url.is_some(), "it asks for a proxy"),
    ];
    refuse(&refused)?;
    let server = given.server.as_deref().ok_or("it names no server")?;
    let uri: Uri = server.parse().map_err(|_| "its server is no address")?;
    let host = uri.host().ok_or("its server is no address")?;
    if !expected.hosts.iter().any(|expected| expected.eq_ignore_ascii_case(host)) {
        return Err("it leads elsewhere than the endpoint that Kamaji reports".to_owned());
    }
    let is_loopback = || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback());
    match uri.scheme_str() {
        Some("https") if given.certificate_authority_data.is_some() => {}
        Some("https") => return Err("it brings no certificate authority".to_owned()),
        Some("http") if transport == Transport::TlsOrPlainLoopback && is_loopback() => {}
        _ => return Err("its server is not reached by TLS".to_owned()),
    }
    Ok(Cluster {
        server: given.server.clone(),
        certificate_authority_data: given.certificate_authority_data.clone(),
        tls_server_name: given.tls_server_name.clone(),
        ..Cluster::default()
    })
}

fn plain_user(given: &AuthInfo) -> Result<AuthInfo, String> {
    let impersonates = given.impersonate.is_some()
        || given.impersonate_uid.is_some()
        || given.impersonate_groups.is_some()
        || given.impersonate_user_extra.is_some();
    let refused = [
        (given.exec.is_some(), "it names a program to run"),
        (given.auth_provider.is_some(), "it names an authentication plugin"),
        (given.token_file.is_some(), "it names a file for the token"),
        (given.client_certificate.is_some(), "it names a file for the certificate"),
        (given.client_key.is_some(), "it names a file for the key"),
        (given.username.is_some() || given.password.is_some(), "it has a user name and password"),
        (impersonates, "it asks to act as somebody else"),
    ];
    refuse(&refused)?;
    let certificate = given.client_certificate_data.is_some() && given.client_key_data.is_some();
    if !certificate && given.token.is_none() {
        return Err("it has neither a certificate with its key nor a token".to_owned());
    }
    Ok(AuthInfo {
        token: given.token.clone(),
        client_certificate_data: given.client_certificate_data.clone(),
        client_key_data: given.client_key_data.clone(),
        ..AuthInfo::default()
    })
}

fn refuse(found: &[(bool, &str)]) -> Result<(), String> {
    match found.iter().find(|(is_there, _)| *is_there) {
        Some((_, why)) => Err((*why).to_owned()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn kubeconfig(cluster: &Value, user: &Value) -> String {
        let mut whole = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "admin",
            "contexts": [{"name": "admin", "context": {"cluster": "t", "user": "admin"}}],
            "clusters": [{"name": "t", "cluster": {"server": "https://10.96.14.7:6443", "certificate-authority-data": CA}}],
            "users": [{"name": "admin", "user": {"token": "secret-token"}}],
        });
        merge(&mut whole["clusters"][0]["cluster"], cluster);
        merge(&mut whole["users"][0]["user"], user);
        whole.to_string()
    }

    /// Empty PEM: it has the form of one and is never used here.
    const CA: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCi0tLS0tRU5EIENFUlRJRklDQVRFLS0tLS0K";

    fn merge(target: &mut Value, with: &Value) {
        for (name, value) in with.as_object().expect("an object") {
            if value.is_null() {
                target.as_object_mut().expect("an object").remove(name);
            } else {
                target[name] = value.clone();
            }
        }
    }

    async fn judged(cluster: Value, user: Value, transport: Transport) -> Result<Config, String> {
        let expected = Expected::of(Some("10.96.14.7:6443"), "team-a", "t");
        accept(&kubeconfig(&cluster, &user), &expected, transport).await
    }

    #[tokio::test]
    async fn whatever_could_run_read_or_lead_elsewhere_is_refused() {
        let none = || json!({});
        let cases = [
            (none(), json!({"exec": {"command": "/bin/sh", "args": ["-c", "id"]}}), "program"),
            (none(), json!({"auth-provider": {"name": "gcp", "config": {"cmd-path": "/bin/sh"}}}), "plugin"),
            (none(), json!({"tokenFile": "/etc/shadow"}), "file for the token"),
            (none(), json!({"client-certificate": "/etc/hostname"}), "file for the certificate"),
            (none(), json!({"client-key": "/etc/hostname"}), "file for the key"),
            (none(), json!({"username": "admin", "password": "admin"}), "password"),
            (none(), json!({"as": "system:admin"}), "somebody else"),
            (none(), json!({"as-groups": ["system:masters"]}), "somebody else"),
            (none(), json!({"token": null}), "neither"),
            (json!({"certificate-authority": "/etc/ssl/ca.pem"}), none(), "file for the certificate authority"),
            (json!({"insecure-skip-tls-verify": true}), none(), "not to verify"),
            (json!({"proxy-url": "socks5://127.0.0.1:1"}), none(), "proxy"),
            (json!({"certificate-authority-data": null}), none(), "no certificate authority"),
            (json!({"server": "https://169.254.169.254"}), none(), "elsewhere"),
            (json!({"server": "http://10.96.14.7:6443"}), none(), "TLS"),
            (json!({"server": "unix:///run/docker.sock"}), none(), "no address"),
            (json!({"server": null}), none(), "no server"),
        ];
        for (cluster, user, word) in cases {
            let what = format!("{cluster} {user}");
            let why = judged(cluster, user, Transport::Tls).await.map(|_| ()).expect_err(&what);
            assert!(why.contains(word), "{what}: {why}");
            assert!(!why.contains("secret-token") && !why.contains('/'), "{why}");
        }
    }

    #[tokio::test]
    async fn an_address_with_credentials_is_taken() {
        for server in ["https://10.96.14.7:6443", "https://t.team-a.svc:6443", "https://10.96.14.7"] {
            let config = judged(json!({"server": server}), json!({}), Transport::Tls).await.expect(server);
            assert!(config.auth_info.exec.is_none() && config.auth_info.token.is_some());
            assert!(!config.accept_invalid_certs && !config.default_retry);
        }
    }

    #[tokio::test]
    async fn without_tls_only_this_machine_is_reached_and_only_where_that_is_allowed() {
        let at = |host: &str| Expected { hosts: vec![host.to_owned()] };
        let cases = [
            ("127.0.0.1", "http://127.0.0.1:8080", Transport::TlsOrPlainLoopback, true),
            ("[::1]", "http://[::1]:8080", Transport::TlsOrPlainLoopback, true),
            ("127.0.0.1", "http://127.0.0.1:8080", Transport::Tls, false),
            ("10.0.0.1", "http://10.0.0.1:8080", Transport::TlsOrPlainLoopback, false),
            ("localhost", "http://localhost:8080", Transport::TlsOrPlainLoopback, false),
        ];
        for (host, server, transport, taken) in cases {
            let text = kubeconfig(&json!({"server": server, "certificate-authority-data": null}), &json!({}));
            assert_eq!(accept(&text, &at(host), transport).await.is_ok(), taken, "{server}");
        }
    }

    #[tokio::test]
    async fn what_is_no_kubeconfig_is_refused_without_a_word_of_it() {
        for text in ["", "secret-token", "[1, 2]", "{\"current-context\": \"x\"}", "a: &a [*a, *a]", "\u{0}"] {
            let why = accept(text, &Expected { hosts: Vec::new() }, Transport::Tls).await.map(|_| ()).expect_err(text);
            assert!(!why.contains("secret"), "{why}");
        }
    }
}
