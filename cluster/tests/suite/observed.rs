mod coming_up;
mod gate;
mod rollout;
mod stuck;
mod words;

use crate::support::story::folder;

fn recordings() -> Vec<String> {
    let files = std::fs::read_dir(folder()).expect("the folder is there");
    let names = files.map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"));
    let mut names: Vec<String> = names.filter_map(|it| Some(it.strip_suffix(".jsonl.gz")?.to_owned())).collect();
    names.sort_unstable();
    names
}

fn watched() -> Vec<String> {
    recordings().into_iter().filter(|name| !name.contains("refusals")).collect()
}
