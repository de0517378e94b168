tools='zypper rpm'
repair='zypper verify shows it'

# The version of package $1 without its release, 1.34.9. Nothing if it is not installed.
installed_version() {
  rpm -q --qf '%{VERSION}\n' "$1" 2>/dev/null | sed -n 's/^[^0-9]*\([0-9]*\.[0-9]*\.[0-9]*\).*/\1/p' | head -n 1
}

hold_again() {
  run zypper --non-interactive addlock "$1"
}
