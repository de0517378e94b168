dry_run=no
delete_emptydir_data=
force=
step=
advice=
unheld=
kubeadm_now=
kubelet_now=
kubelet_is_new=no
cordon_is_ours=no
wait_seconds=${WAIT_SECONDS:-300}
machine_id_file=${MACHINE_ID_FILE:-/etc/machine-id}

for argument in "$@"; do
  case $argument in
    --dry-run) dry_run=yes ;;
    --delete-emptydir-data) delete_emptydir_data=$argument ;;
    --force) force=$argument ;;
    --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done

trap on_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

say "Node $node: $from to $to."
check_machine
check_access
check_identity
check_control_plane
check_kubelet_config
