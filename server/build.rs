//! With the feature `embed-site`: puts the browser files of the folder `CONSOLE_SITE` into the binary.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut code = String::from(
        "/// Path within the site and content of each browser file.\npub(super) static FILES: &[(&str, &[u8])] = &[\n",
    );
    if env::var_os("CARGO_FEATURE_EMBED_SITE").is_some() {
        println!("cargo::rerun-if-env-changed=CONSOLE_SITE");
        let site = env::var("CONSOLE_SITE")
            .map_err(|_| "the feature `embed-site` needs CONSOLE_SITE: build with `cargo xtask build --release`")?;
        let site = fs::canonicalize(site)?;
        println!("cargo::rerun-if-changed={}", site.display());
        let mut entry = |name: &str, file: &Path| writeln!(code, "    ({name:?}, include_bytes!({file:?})),");
        entry("name", &site.join("name"))?;
        for file in fs::read_dir(site.join("pkg"))? {
            let file = file?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            entry(&name, &file)?;
        }
    }
    code.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("site.rs"), code)?;
    Ok(())
}
