tools='apt-get apt-mark dpkg-query'
repair='dpkg --configure -a completes it'
export DEBIAN_FRONTEND=noninteractive

# The version of package $1 without its revision, 1.34.9. Nothing if it is not completely installed.
installed_version() {
  dpkg-query -W -f='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed \([0-9]*\.[0-9]*\.[0-9]*\).*/\1/p'
}

hold_again() {
  run apt-mark hold "$1"
}

if [ ! -f "$repository" ] && [ -f /etc/apt/sources.list.d/kubernetes.sources ]; then
  repository=/etc/apt/sources.list.d/kubernetes.sources
fi
