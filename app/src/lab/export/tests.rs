use super::{Document, export};
use crate::links::LabExport;

const ORIGIN: &str = "http://127.0.0.1:3000";

fn exported(file: LabExport, pairs: &[(&str, &str)]) -> Result<Document, String> {
    export(file, pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(), ORIGIN)
}

#[test]
fn the_table_of_all_films_has_a_row_for_each_change() {
    let body = exported(LabExport::Csv, &[]).expect("an empty address is the lab's own").body;
    let rows: Vec<Vec<&str>> = body.lines().map(|line| line.split(',').take(11).collect()).collect();
    assert_eq!(rows[0].len(), 11);
    let blue_green: Vec<String> = rows.iter().filter(|row| row[0] == "100%/0").map(|row| row[1..].join(" ")).collect();
    assert_eq!(
        blue_green,
        ["0 3 0 0 3 0 0 0 0 6", "20000 0 3 0 0 0 0 3 0 6", "50000 0 3 0 0 0 0 0 0 3"],
        "three start, three terminate, three are left"
    );
    assert!(
        body.lines().skip(1).all(|line| line.ends_with("/lab?strategy=100%25%2F0&replicas=3&startup=20&grace=30\""))
    );
}

#[test]
fn the_comparison_can_be_put_into_a_ticket() {
    let pairs = [("strategy", "1/1"), ("replicas", "3"), ("startup", "20,25"), ("grace", "30"), ("quota", "5")];
    insta::assert_snapshot!(exported(LabExport::Markdown, &pairs).expect("it can be read").body);
}

#[test]
fn the_picture_stands_alone() {
    let svg = exported(LabExport::Svg, &[("strategy", "recreate")]).expect("it can be read").body;
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{}", &svg[..80]);
    for part in [
        "--outage: light-dark(",
        ".chart__serving",
        "No API server serves for 50 s.",
        "<pattern",
        "</svg>",
        "nothing serves",
    ] {
        assert!(svg.contains(part), "{part}");
    }
    for foreign in ["<script", "href=\"http", "@import", "<!--", "url(http"] {
        assert!(!svg.contains(foreign), "{foreign}");
    }
}

#[test]
fn a_file_never_shows_something_else_than_was_asked_for() {
    let error =
        exported(LabExport::Csv, &[("replicas", "many"), ("strategy", "Canary")]).expect_err("it cannot be read");
    assert!(error.contains("`replicas` is `many`") && error.contains("Canary"), "{error}");
}
