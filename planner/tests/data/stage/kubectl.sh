# kubectl of the stage. Knows one Node, whose state stands in files under $STAGE/node.
echo "kubectl $*" >>"$STAGE/log"

not_found() {
  echo "Error from server (NotFound): nodes \"$1\" not found" >&2
  exit 1
}

value() {
  if [ -f "$STAGE/node/$1" ]; then
    cat "$STAGE/node/$1"
  fi
}

if [ -f "$STAGE/node/no-access" ]; then
  echo 'error: You must be logged in to the server (Unauthorized)' >&2
  exit 1
fi

case "$1 $2" in
  'auth can-i')
    [ ! -f "$STAGE/node/may-not-drain" ] && echo yes && exit 0
    echo no && exit 1
    ;;
  'get --raw')
    printf '{\n  "major": "1",\n  "gitVersion": "%s"\n}' "$(value server)"
    ;;
  'get configmap')
    value "$3"
    ;;
  'get node')
    [ "$3" = worker-1 ] || not_found "$3"
    case $5 in
      'jsonpath={.metadata.name}') printf '%s' "$3" ;;
      'jsonpath={.metadata.annotations.upgrade-console\.kamaji\.clastix\.io/cordoned-for}') value annotation ;;
      'jsonpath={.spec.unschedulable}') value unschedulable ;;
      'jsonpath={.status.nodeInfo.kubeletVersion}') value kubelet ;;
      'jsonpath={.status.nodeInfo.machineID}') value machine-id ;;
      'jsonpath={.status.conditions[?(@.type=="Ready")].status}') value ready ;;
      *) echo "the stage does not know $5" >&2 && exit 1 ;;
    esac
    ;;
  'annotate node')
    [ "$3" = worker-1 ] || not_found "$3"
    case $4 in
      upgrade-console.kamaji.clastix.io/cordoned-for=*) printf '%s' "${4#*=}" >"$STAGE/node/annotation" ;;
      upgrade-console.kamaji.clastix.io/cordoned-for-) rm -f "$STAGE/node/annotation" ;;
      *) echo "the stage does not know $4" >&2 && exit 1 ;;
    esac
    ;;
  'drain '*)
    [ "$2" = worker-1 ] || not_found "$2"
    # Whoever cordons a schedulable node must have left its mark before.
    if [ ! -f "$STAGE/node/annotation" ] && [ ! -f "$STAGE/node/unschedulable" ]; then
      echo 'the stage sees a drain that nobody has announced' >&2
      exit 1
    fi
    printf true >"$STAGE/node/unschedulable"
    if [ -f "$STAGE/node/budget" ]; then
      echo 'error when evicting pods/"cart": global timeout reached' >&2
      exit 1
    fi
    ;;
  'uncordon '*)
    [ "$2" = worker-1 ] || not_found "$2"
    rm -f "$STAGE/node/unschedulable"
    ;;
  *)
    echo "the stage does not know kubectl $*" >&2
    exit 1
    ;;
esac
