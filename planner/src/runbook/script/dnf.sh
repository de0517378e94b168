tools='dnf rpm'
repair='dnf check shows it'

# The version of package $1 without its release, 1.34.9. Nothing if it is not installed.
installed_version() {
  rpm -q --qf '%{VERSION}\n' "$1" 2>/dev/null | sed -n 's/^[^0-9]*\([0-9]*\.[0-9]*\.[0-9]*\).*/\1/p' | head -n 1
}

# The packages are held by `exclude=` in the repository's file, which stays; each installation leaves it out for itself.
hold_again() {
  :
}

# DNF 5 has another word for it.
case $(dnf --version 2>/dev/null) in
  dnf5*) disable_excludes='--setopt=disable_excludes=kubernetes' ;;
  [0-4].*) disable_excludes='--disableexcludes=kubernetes' ;;
esac
