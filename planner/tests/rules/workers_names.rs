use planner::runbook::{Os, OtherOs, PackagedOs};
use planner::workers::{NodeName, PoolName};

#[test]
fn a_name_that_a_shell_could_read_otherwise_is_none() {
    for name in ["a", "worker-1", "ip-10-0-0-1.eu-west-1.compute.internal", "0", "a--b", &"a".repeat(63)] {
        assert_eq!(name.parse::<NodeName>().map(|it| it.to_string()), Ok(name.to_owned()));
        assert!(name.parse::<PoolName>().is_ok());
    }
    let long = "a".repeat(64);
    let longer = ["a".repeat(60).as_str(); 5].join(".");
    for name in [
        "", "Worker", "worker_1", "-worker", "worker-", ".", "a.", ".a", "a..b", "a.-b", "a b", "a\n", "a;b", "$(a)",
        "`a`", "'", "\"", "ä", "a/b", "--all", "*", &long, &longer,
    ] {
        assert!(name.parse::<NodeName>().is_err(), "{name:?}");
        assert!(name.parse::<PoolName>().is_err(), "{name:?}");
        let json = serde_json::to_string(name).expect("a text");
        assert!(serde_json::from_str::<NodeName>(&json).is_err(), "{name:?} by JSON");
    }
}

#[test]
fn an_image_tells_the_operating_system() {
    let packaged = Os::Packaged;
    let elsewhere = Os::Elsewhere;
    for (image, os) in [
        ("Debian GNU/Linux 12 (bookworm)", packaged(PackagedOs::Debian)),
        ("Ubuntu 24.04.1 LTS", packaged(PackagedOs::Ubuntu)),
        ("Red Hat Enterprise Linux 9.4 (Plow)", packaged(PackagedOs::Rhel)),
        ("Rocky Linux 9.3 (Blue Onyx)", packaged(PackagedOs::Rhel)),
        ("AlmaLinux 9.5 (Teal Serval)", packaged(PackagedOs::Rhel)),
        ("CentOS Stream 9", packaged(PackagedOs::Rhel)),
        ("Oracle Linux Server 9.4", packaged(PackagedOs::Rhel)),
        ("Amazon Linux 2023.6.20241031", packaged(PackagedOs::Rhel)),
        ("Fedora Linux 41 (Server Edition)", packaged(PackagedOs::Fedora)),
        ("SUSE Linux Enterprise Server 15 SP5", packaged(PackagedOs::Suse)),
        ("openSUSE Leap 15.6", packaged(PackagedOs::Suse)),
        ("openSUSE Tumbleweed", packaged(PackagedOs::Suse)),
        ("Talos (v1.8.2)", elsewhere(OtherOs::Talos)),
        ("Flatcar Container Linux by Kinvolk 3975.2.2 (Oklo)", elsewhere(OtherOs::Flatcar)),
        ("Bottlerocket OS 1.26.1 (aws-k8s-1.31)", elsewhere(OtherOs::Bottlerocket)),
        // Named like their packaged kin, and exchanged as one image.
        ("Fedora CoreOS 41.20241027.3.0", elsewhere(OtherOs::ImageBased)),
        ("Red Hat Enterprise Linux CoreOS 417.94", elsewhere(OtherOs::ImageBased)),
        ("openSUSE MicroOS", elsewhere(OtherOs::ImageBased)),
        ("SUSE Linux Enterprise Micro 5.5", elsewhere(OtherOs::ImageBased)),
        ("Ubuntu Core 24", elsewhere(OtherOs::ImageBased)),
        // With yum 3.
        ("Amazon Linux 2", elsewhere(OtherOs::Unknown)),
        ("CentOS Linux 7 (Core)", elsewhere(OtherOs::Unknown)),
        ("Alpine Linux v3.20", elsewhere(OtherOs::Unknown)),
        ("Windows Server 2022 Datacenter", elsewhere(OtherOs::Unknown)),
        ("", elsewhere(OtherOs::Unknown)),
    ] {
        assert_eq!(Os::of_image(image), os, "{image}");
    }
}
