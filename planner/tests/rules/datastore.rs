//! What a DataStore holds, and what a surge adds.

use planner::datastore::{AgainstLimit, Connections, DataStoreLoad, Driver, KinePool};
use planner::tenant::{DataStoreFacts, Reading, TenantId, TenantSnapshot};

use crate::builders::{declared, pods, tenant};

fn range(least: u64, most: Option<u64>) -> Connections {
    Connections { least, most }
}

fn pool(arguments: &[&str]) -> KinePool {
    KinePool::of_arguments(arguments.iter().copied()).0
}

/// A tenant of DataStore `default` with so many pods on nodes.
fn on_default(name: &str, running: u32) -> TenantSnapshot {
    let mut other = tenant("v1.35.6");
    name.clone_into(&mut other.id.name);
    other.pods = Reading::Read(pods("v1.35.6", running));
    other
}

fn object(driver: &str, used_by: &[&str]) -> Result<DataStoreFacts, String> {
    let id = |name: &&str| TenantId { namespace: "team-a".to_owned(), name: (*name).to_owned() };
    Ok(DataStoreFacts {
        driver: Some(driver.to_owned()),
        endpoints: 3,
        used_by: used_by.iter().map(id).collect(),
        problems: Vec::new(),
    })
}

#[test]
fn the_pool_of_kine_is_read_as_kine_reads_it() {
    /// Arguments, most open, most idle, problems.
    type Case<'a> = (&'a [&'a str], Option<u32>, Option<u32>, usize);
    let table: [Case<'_>; 9] = [
        (&[], None, None, 0),
        (&["--datastore-max-open-connections=5"], Some(5), None, 0),
        (&["-datastore-max-open-connections=5", "--debug"], Some(5), None, 0),
        (&["--datastore-max-open-connections=5", "--datastore-max-open-connections=7"], Some(7), None, 0),
        (&["--datastore-max-open-connections=0"], None, None, 0),
        (&["--datastore-max-open-connections=-1", "--datastore-max-idle-connections=-1"], None, Some(0), 0),
        (&["--datastore-max-idle-connections=0"], None, None, 0),
        // Kamaji takes arguments apart at `=`, so this sets nothing.
        (&["--datastore-max-open-connections", "5"], None, None, 0),
        (&["--datastore-max-open-connections=many", "--datastore-max-idle-connections=3"], None, Some(3), 1),
    ];
    for (arguments, open, idle, problems) in table {
        let (pool, said) = KinePool::of_arguments(arguments.iter().copied());
        assert_eq!((pool.max_open.map(u32::from), pool.max_idle), (open, idle), "{arguments:?}");
        assert_eq!(said.len(), problems, "{arguments:?}: {said:?}");
    }
}

#[test]
fn each_driver_opens_what_it_is_known_to_open() {
    let limited = pool(&["--datastore-max-open-connections=8"]);
    let table = [
        ("etcd", limited, Some(range(50, Some(66)))),
        ("PostgreSQL", limited, Some(range(1, Some(8)))),
        ("MySQL", KinePool::default(), Some(range(1, None))),
        ("NATS", KinePool::default(), Some(range(1, Some(1)))),
        ("postgres", limited, None),
    ];
    for (driver, pool, expected) in table {
        assert_eq!(Driver::from(driver).per_api_server(&pool), expected, "{driver}");
    }
}

#[test]
fn ranges_add_up_and_compare_with_a_limit() {
    assert_eq!(range(1, None).times(0), Connections::NONE, "nobody holds nothing");
    assert_eq!(range(1, None).times(3).plus(range(2, Some(4))), range(5, None));
    let table = [
        (range(3, Some(9)), 9, AgainstLimit::Within),
        (range(3, Some(10)), 9, AgainstLimit::MayExceed),
        (range(3, None), 9, AgainstLimit::Unlimited),
        (range(10, None), 9, AgainstLimit::MayExceed),
    ];
    for (connections, limit, expected) in table {
        assert_eq!(connections.against(limit), expected, "{connections} against {limit}");
    }
    let words = [range(3, Some(3)), range(3, Some(9)), range(3, None)].map(|range| range.to_string());
    assert_eq!(words, ["3", "3 to 9", "at least 3, without a limit"]);
}

#[test]
fn all_tenants_of_a_data_store_are_summed_each_with_its_own_pool() {
    let mut this = on_default("tenant-00", 3);
    this.data_store.kine = pool(&["--datastore-max-open-connections=10"]);
    let mut sibling = on_default("b", 2);
    sibling.data_store.kine = pool(&["--datastore-max-open-connections=4"]);
    let mut unreadable = on_default("c", 0);
    unreadable.pods = Reading::Forbidden("no".to_owned());
    let mut hopping = on_default("d", 5);
    hopping.desired_version = declared("v1.36.4");
    let mut elsewhere = on_default("e", 6);
    elsewhere.data_store.used = Some("other".to_owned());
    let waiting = {
        let mut waiting = on_default("f", 2);
        let Reading::Read(pods) = &mut waiting.pods else { panic!("they are read") };
        pods[1].node = None;
        waiting
    };
    let fleet = [this.clone(), sibling, unreadable, hopping, elsewhere, waiting];
    let all = ["tenant-00", "b", "c", "d", "f", "gone"];

    let load = DataStoreLoad::of(&this, &fleet, &object("PostgreSQL", &all), Some(100)).expect("it uses one");
    assert_eq!((load.tenants, load.not_observed, load.unread, load.hops), (6, 1, 1, 1));
    assert_eq!(
        (load.api_servers, load.own),
        (3 + 2 + 3 + 5 + 1, 3),
        "whose pods cannot be read counts with its replicas"
    );
    // c, d and f set no limit.
    assert_eq!((load.now(), load.with(6)), (Some(range(14, None)), Some(range(17, None))));

    let etcd = DataStoreLoad::of(&this, &fleet[..2], &object("etcd", &[]), None).expect("it uses one");
    assert_eq!((etcd.now(), etcd.with(6)), (Some(range(250, Some(330))), Some(range(400, Some(528)))));
    assert_eq!(
        etcd.notes().len(),
        2,
        "where the numbers come from, and that the limit was not given: {:?}",
        etcd.notes()
    );

    // Without the object the tenant's own status says which driver it is.
    let refused = Err("it may not be".to_owned());
    let unread = DataStoreLoad::of(&this, &fleet[..2], &refused, None).expect("it uses one");
    assert_eq!((unread.driver.as_deref(), unread.endpoints, unread.now()), (Some("etcd"), None, etcd.now()));
    assert_eq!(unread.notes()[0], "DataStore default was not read: it may not be.");
    let odd = DataStoreLoad::of(&this, &fleet[..2], &object("Redis", &[]), None).expect("it uses one");
    assert_eq!((odd.now(), odd.with(6)), (None, None));

    this.data_store.used = None;
    assert_eq!(DataStoreLoad::of(&this, &fleet, &refused, None), None);
}
