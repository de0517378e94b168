# Puts package $1 of version $2 in place, as a package manager would.
put_in_place() {
  printf '#!/bin/sh\nVERSION=%s\n. "$STAGE/tools/%s.sh"\n' "$2" "$1" >"$STAGE/root/usr/bin/$1"
  chmod 755 "$STAGE/root/usr/bin/$1"
  printf '%s\n' "$2" >"$STAGE/installed/$1"
}

# The versions that the repositories in the file $1 have now.
offered() {
  sed -n 's#.*/v\(1\.[0-9]*\)/.*#\1#p' "$1" | sort -u | while read -r minor; do
    grep "^$minor\." "$STAGE/tools/versions" || true
  done
}

refuse() {
  echo "E: $*" >&2
  exit 100
}
