use planner::version::Minor;
use planner::workers::{KubeletVerdict, PolicyLine, ProxyVerdict, Serving, kube_proxy, kubelet, kubelet_reach};

fn v1(minor: u64) -> Minor {
    Minor { major: 1, minor }
}

/// The verdict as one character: `=` the same minor, a digit the minors behind, `!` as far as may be, `x` too old, `>` too new.
fn sign(verdict: KubeletVerdict) -> char {
    match verdict {
        KubeletVerdict::Same => '=',
        KubeletVerdict::Behind { minors, .. } => char::from_digit(minors as u32, 10).expect("a digit"),
        KubeletVerdict::AtLimit { .. } => '!',
        KubeletVerdict::TooOld { .. } => 'x',
        KubeletVerdict::TooNew { .. } => '>',
        KubeletVerdict::OtherMajor => '?',
    }
}

fn table(kubelets: std::ops::RangeInclusive<u64>, servings: &[Serving]) -> String {
    kubelets
        .map(|minor| servings.iter().map(|serving| sign(kubelet(v1(minor), *serving))).collect::<String>() + "\n")
        .collect()
}

#[test]
fn a_kubelet_may_be_three_minors_older_and_before_1_25_two() {
    // Control planes from 1.24 to 1.30, kubelets from 1.21 down.
    let servings: Vec<Serving> = (24..=30).map(|minor| Serving::only(v1(minor))).collect();
    let expected = "\
xxxxxxx
!xxxxxx
1!xxxxx
=1!xxxx
>=12!xx
>>=12!x
>>>=12!
>>>>=12
>>>>>=1
>>>>>>=
>>>>>>>
";
    assert_eq!(table(21..=31, &servings), expected);
}

#[test]
fn the_window_is_narrower_while_two_minors_serve() {
    // 1.29 beside 1.30 … 1.33 beside 1.34, kubelets from 1.25 down: each must suit the older and the newer.
    let servings: Vec<Serving> =
        (29..=33).map(|minor| Serving::both(v1(minor), v1(minor + 1)).expect("one apart")).collect();
    let expected = "\
xxxxx
xxxxx
!xxxx
2!xxx
12!xx
>12!x
>>12!
>>>12
>>>>1
>>>>>
";
    assert_eq!(table(25..=34, &servings), expected);
}

#[test]
fn over_all_pairs_the_mixed_window_is_what_both_allow() {
    for older in 24..=40 {
        let (one, other) = (Serving::only(v1(older)), Serving::only(v1(older + 1)));
        let both = Serving::both(v1(older + 1), v1(older)).expect("in any order");
        for minor in 15..=42 {
            let alone = [one, other].map(|serving| kubelet(v1(minor), serving).is_supported());
            assert_eq!(kubelet(v1(minor), both).is_supported(), alone == [true, true], "1.{minor} under 1.{older}+");
        }
    }
}

#[test]
fn api_servers_further_apart_do_not_serve_together() {
    let refusal = Serving::both(v1(30), v1(32)).expect_err("two apart");
    assert_eq!(
        refusal.to_string(),
        "API servers of 1.30 and 1.32 must not serve together: they may be one minor apart"
    );
    assert!(Serving::both(v1(30), Minor { major: 2, minor: 30 }).is_err());
    assert_eq!(kubelet(Minor { major: 2, minor: 30 }, Serving::only(v1(30))), KubeletVerdict::OtherMajor);
}

#[test]
fn a_verdict_says_how_far_and_cites_its_line() {
    let mixed = Serving::both(v1(33), v1(34)).expect("one apart");
    let cases = [
        (34, Serving::only(v1(34)), "The kubelet has the minor of the API servers.", PolicyLine::Kubelet),
        (
            33,
            Serving::only(v1(34)),
            "The kubelet is 1 minor behind, and may fall behind by 2 minors more.",
            PolicyLine::Kubelet,
        ),
        (
            31,
            Serving::only(v1(34)),
            "The kubelet is 3 minors behind, as far as it may be: it must be upgraded before the control plane takes its next minor.",
            PolicyLine::KubeletUpgrade,
        ),
        (30, Serving::only(v1(34)), "The kubelet is 4 minors behind; 3 are supported.", PolicyLine::Kubelet),
        (34, mixed, "The kubelet is newer than an API server that still serves 1.33.", PolicyLine::KubeletMixed),
        (30, mixed, "The kubelet is 4 minors behind; 3 are supported.", PolicyLine::KubeletMixed),
    ];
    for (minor, serving, text, line) in cases {
        let verdict = kubelet(v1(minor), serving);
        assert_eq!(verdict.to_string(), text);
        assert_eq!(verdict.policy(serving), line);
        assert!(line.url().starts_with("https://kubernetes.io/releases/version-skew-policy/#"));
    }
}

#[test]
fn a_kube_proxy_must_suit_api_servers_and_kubelet() {
    let mixed = Serving::both(v1(33), v1(34)).expect("one apart");
    let cases = [
        (34, 31, Serving::only(v1(34)), ProxyVerdict::Fits),
        (31, 34, Serving::only(v1(34)), ProxyVerdict::Fits),
        // Kamaji moves kube-proxy at once, while old API servers still serve.
        (34, 33, mixed, ProxyVerdict::NewerThanApiServer { oldest: v1(33) }),
        (30, 31, Serving::only(v1(34)), ProxyVerdict::TooOld { minors: 4, limit: 3 }),
        (34, 30, Serving::only(v1(34)), ProxyVerdict::FarFromKubelet { minors: 4, limit: 3 }),
        (24, 21, Serving::only(v1(24)), ProxyVerdict::FarFromKubelet { minors: 3, limit: 2 }),
        (24, 24, Serving::only(v1(27)), ProxyVerdict::TooOld { minors: 3, limit: 2 }),
    ];
    for (proxy, kubelet, serving, verdict) in cases {
        assert_eq!(kube_proxy(v1(proxy), v1(kubelet), serving), verdict, "kube-proxy 1.{proxy}, kubelet 1.{kubelet}");
    }
    assert_eq!([v1(24), v1(25)].map(kubelet_reach), [2, 3]);
}
