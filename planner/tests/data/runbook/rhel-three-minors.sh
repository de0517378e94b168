#!/bin/sh
# Upgrades the node worker-1 from v1.31.4 to v1.34.9 on Red Hat Enterprise Linux and kin, by dnf.
#
# Made by the Tenant Upgrade Console, in the order of the Kubernetes documentation as read on 2026-11-22:
#   https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/change-package-repository/
#   https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/upgrading-linux-nodes/
#   https://github.com/kubernetes/website/pull/57275
#   https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
#
# Run it as root on the node; try it with --dry-run first. The lines with kubectl need an administrator's
# kubeconfig of the tenant cluster, which a worker usually has not; the script uses the one that KUBECONFIG names
# (or kubectl's own default), and stops at the start if that may not drain nodes:
#   KUBECONFIG=/path/to/admin.conf sh THIS_FILE --dry-run
# It can be run again after a stop at any line. What it must not forget stands on the Node, in an annotation.
#   pass 1 of 3: v1.31.4 to v1.32.13
#   pass 2 of 3: v1.32.13 to v1.33.13
#   pass 3 of 3: v1.33.13 to v1.34.9
set -eu
LC_ALL=C
export LC_ALL

node=worker-1
family=dnf
from=v1.31.4
to=v1.34.9
annotation=upgrade-console.kamaji.clastix.io/cordoned-for
annotation_path='{.metadata.annotations.upgrade-console\.kamaji\.clastix\.io/cordoned-for}'
gated_fields='crashLoopBackOff=KubeletCrashLoopBackOffMax imagePullCredentialsVerificationPolicy=KubeletEnsureSecretPulledImages'
repository=${REPOSITORY_FILE:-/etc/yum.repos.d/kubernetes.repo}
disable_excludes=--disableexcludes=kubernetes

say() {
  printf '%s\n' "$*"
}

warn() {
  printf 'warning: %s\n' "$*" >&2
}

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

usage() {
  say "usage: sh $0 [--dry-run] [--delete-emptydir-data] [--force]"
  say '  --dry-run                 check everything, say what would be done, change nothing'
  say '  --delete-emptydir-data    let the drain delete the data of emptyDir volumes'
  say '  --force                   let the drain delete pods that no controller makes again'
}

# Makes a change, or says it in a dry run.
run() {
  if [ "$dry_run" = yes ]; then
    say "    would run: $*"
  else
    say "    $*"
    "$@"
  fi
}

begin() {
  step=$1
  say "$step"
}

# The major, minor and patch of a version as one number. Nothing for a text that is no version.
number() {
  case ${1#v} in
    [0-9]*.[0-9]*.[0-9]*) ;;
    *) return 0 ;;
  esac
  rest=${1#v}
  major=${rest%%.*}
  rest=${rest#*.}
  minor=${rest%%.*}
  patch=${rest#*.}
  patch=${patch%%[!0-9]*}
  case "$major$minor$patch" in
    *[!0-9]*) return 0 ;;
  esac
  printf '%s\n' "$((major * 1000000 + minor * 1000 + patch))"
}

# Whether version $1 is $2 or newer. An unknown version is not.
at_least() {
  at_least_left=$(number "$1")
  at_least_right=$(number "$2")
  [ -n "$at_least_left" ] && [ -n "$at_least_right" ] && [ "$at_least_left" -ge "$at_least_right" ]
}

# How many minors version $2 is ahead of version $1; negative if it is behind.
minors_between() {
  between_left=$(number "$1")
  between_right=$(number "$2")
  printf '%s\n' "$((between_right / 1000 - between_left / 1000))"
}

# Whether package $1 is installed in version $2 or newer.
has() {
  at_least "$(installed_version "$1")" "$2"
}

# A package must now have the version that was asked for. Nothing is installed in a dry run.
must_have() {
  if [ "$dry_run" = no ] && ! has "$1" "$2"; then
    fail "$1 is not at $2 after its installation, but at $(installed_version "$1")"
  fi
}

# One field of the Node, by JSONPath. Needs the administrator's kubeconfig, as every kubectl here does.
node_field() {
  kubectl get node "$node" -o "jsonpath=$1"
}

# Whether the kubelet that this pass brings already runs: its packages are there and the Node reports it.
pass_is_done() {
  reported=$(node_field '{.status.nodeInfo.kubeletVersion}')
  at_least "$kubeadm_now" "$1" && at_least "$kubelet_now" "$1" && at_least "$reported" "$1"
}

# kubeadm may be used on a node if it has the minor of the kubeadm used before, or the next one.
kubeadm_may_become() {
  case $(minors_between "$kubeadm_now" "$1") in
    0 | 1) ;;
    -*) fail "kubeadm here is v$kubeadm_now, ahead of the kubelet (v$kubelet_now) by more than this runbook may step over; install kubeadm v$1 by hand, or drain, reset and join the node again" ;;
    *) fail "kubeadm here is v$kubeadm_now; from there to v$1 is more than one minor, and kubeadm upgrades a node one minor at a time" ;;
  esac
}

# The minors in the addresses of the repository's file, one a line. Addons (CRI-O) have repositories and minors of their own.
repository_minors() {
  sed -n '/addons:/d; s#.*/v\(1\.[0-9][0-9]*\).*#\1#p' "$repository" | sort -u
}

# Remembers on the Node that this runbook cordons it, before it does. A node that somebody else has cordoned is not marked,
# and so it stays cordoned at the end.
remember_cordon() {
  marked=$(node_field "$annotation_path")
  unschedulable=$(node_field '{.spec.unschedulable}')
  if [ -n "$marked" ]; then
    cordon_is_ours=yes
    say '    The Node is marked already: this runbook cordoned it.'
  elif [ "$cordon_is_ours" = yes ]; then
    say '    The Node is cordoned by this runbook.'
  elif [ "$unschedulable" = true ]; then
    say '    The Node was cordoned before this runbook; it will stay cordoned.'
  else
    run kubectl annotate node "$node" "$annotation=$to" --overwrite
    cordon_is_ours=yes
  fi
}

restart_is_needed() {
  [ "$kubelet_is_new" = yes ] || ! at_least "$(node_field '{.status.nodeInfo.kubeletVersion}')" "$1"
}

is_ready() {
  at_least "$(node_field '{.status.nodeInfo.kubeletVersion}')" "$1" &&
    [ "$(node_field '{.status.conditions[?(@.type=="Ready")].status}')" = True ]
}

# Waits until the Node itself reports the version and is Ready.
wait_for_kubelet() {
  if [ "$dry_run" = yes ]; then
    say "    would wait until the Node reports v$1 and is Ready"
    return 0
  fi
  waited=0
  until is_ready "$1"; do
    if [ "$waited" -ge "$wait_seconds" ]; then
      fail "after $waited seconds the Node $node does not report kubelet v$1 and Ready"
    fi
    sleep 2
    waited=$((waited + 2))
  done
  say "    The Node reports v$1 and is Ready."
}

# Whatever stops the script: no package stays without its hold, and the person learns where it stopped.
on_exit() {
  status=$?
  trap - EXIT
  if [ -n "$unheld" ]; then
    hold_again "$unheld" || warn "$unheld could not be held again; run this script again"
  fi
  if [ "$status" -ne 0 ] && [ -n "$step" ]; then
    {
      printf '\nStopped in: %s\n' "$step"
      printf 'What to do: %s\n' "$advice"
      printf 'Then run this script again: it checks what is done and goes on from there.\n'
    } >&2
  fi
  exit "$status"
}

# What is checked before anything is changed.
check_machine() {
  if [ "$dry_run" = no ] && [ "$(id -u)" -ne 0 ]; then
    fail 'run this script as root'
  fi
  for tool in $tools kubeadm kubectl systemctl sed; do
    command -v "$tool" >/dev/null || fail "$tool is not installed; is this a machine with $family packages?"
  done
  kubeadm_now=$(installed_version kubeadm)
  kubelet_now=$(installed_version kubelet)
  for package in kubeadm kubelet; do
    [ -n "$(installed_version "$package")" ] || fail "$package is not installed as a package, or its installation was interrupted ($repair)"
  done
  if [ ! -f "$repository" ]; then
    fail "$repository does not exist; if the Kubernetes repository stands in another file, run: REPOSITORY_FILE=/path/to/it sh $0"
  fi
  if grep -Eq 'apt\.kubernetes\.io|yum\.kubernetes\.io|packages\.cloud\.google\.com' "$repository"; then
    fail "$repository names the legacy repository, frozen since 2023-09-13; move to pkgs.k8s.io first"
  fi
  if ! grep -Eq 'pkgs\.k8s\.io|pkgs\.kubernetes\.io|packages\.kubernetes\.io' "$repository"; then
    warn "$repository names none of pkgs.k8s.io, pkgs.kubernetes.io and packages.kubernetes.io; it is taken for a mirror of them"
  fi
  at_least "$kubelet_now" "$from" || fail "the kubelet is v$kubelet_now, older than $from; make a runbook from the version that runs"
  at_least "$to" "$kubelet_now" || fail "the kubelet is v$kubelet_now, newer than $to; a kubelet is not brought back to an older version"
  if [ "$(minors_between "$to" "$kubeadm_now")" -gt 0 ]; then
    fail "kubeadm is v$kubeadm_now, newer than $to; a runbook does not go back"
  fi
}

check_access() {
  if ! name=$(kubectl get node "$node" -o 'jsonpath={.metadata.name}'); then
    fail "the Node $node cannot be read; set KUBECONFIG to an administrator's kubeconfig of the tenant cluster (with sudo: sudo env KUBECONFIG=/path sh $0), and compare the name with: kubectl get nodes"
  fi
  if [ -n "$name" ] && [ "$name" != "$node" ]; then
    fail "the cluster answers with the Node $name in place of $node"
  fi
  kubectl auth can-i patch nodes >/dev/null 2>&1 || fail "this kubeconfig may not cordon nodes (patch nodes); use an administrator's"
  kubectl auth can-i create pods --subresource=eviction --all-namespaces >/dev/null 2>&1 || fail "this kubeconfig may not evict pods (create pods/eviction); use an administrator's"
}

# A script on the wrong machine would drain one node and upgrade another.
check_identity() {
  machine_id=
  if [ -r "$machine_id_file" ]; then
    machine_id=$(cat "$machine_id_file")
  fi
  reported_id=$(node_field '{.status.nodeInfo.machineID}')
  case $reported_id in
    *[!0-9a-f]* | '') reported_id= ;;
  esac
  if [ "${#reported_id}" -eq 32 ] && [ "${#machine_id}" -eq 32 ]; then
    [ "$reported_id" = "$machine_id" ] || fail "this machine is not the Node $node: its $machine_id_file says $machine_id, the Node reports $reported_id"
  else
    warn "whether this machine is the Node $node could not be checked by its machine ID; this machine is called $(uname -n)"
  fi
}

check_control_plane() {
  reported=$(node_field '{.status.nodeInfo.kubeletVersion}')
  if [ -n "$(number "$reported")" ] && ! at_least "$to" "$reported"; then
    fail "the Node reports kubelet $reported, newer than $to; a kubelet is not brought back to an older version"
  fi
  server=$(kubectl get --raw /version 2>/dev/null | sed -n 's/.*"gitVersion": *"\(v[0-9.]*\).*/\1/p') || server=
  if [ -z "$(number "$server")" ]; then
    warn 'the version of the API server could not be read; it must not be older than the kubelet to install'
  elif [ "$(minors_between "$server" "$to")" -gt 0 ]; then
    fail "the API server is $server; a kubelet must not be newer, so upgrade the control plane to $to first"
  fi
  configured=$(kubectl get configmap kubeadm-config --namespace kube-system -o 'jsonpath={.data.ClusterConfiguration}' 2>/dev/null | sed -n 's/^kubernetesVersion: *"\{0,1\}\(v[0-9.]*\).*/\1/p') || configured=
  if [ -z "$(number "$configured")" ]; then
    warn "the ConfigMap kube-system/kubeadm-config could not be read; it must say $to or newer before kubeadm upgrades a node"
  elif [ "$(minors_between "$configured" "$to")" -gt 0 ]; then
    fail "kube-system/kubeadm-config still says $configured; wait until the control plane has settled on $to"
  fi
}

# Fields that a kubelet on the way refuses while their feature gate is off. A newer Kamaji writes them for every tenant.
check_kubelet_config() {
  kubelet_config=$(kubectl get configmap kubelet-config --namespace kube-system -o 'jsonpath={.data.kubelet}' 2>/dev/null) || kubelet_config=
  for pair in $gated_fields; do
    field=${pair%%=*}
    gate=${pair#*=}
    if printf '%s\n' "$kubelet_config" | grep -q "^$field:" && ! printf '%s\n' "$kubelet_config" | grep -q "^ *$gate: true"; then
      fail "kube-system/kubelet-config sets $field, which a kubelet before 1.35 refuses: it would not start; take it out by spec.kubernetes.kubelet.configurationJSONPatches of the TenantControlPlane first"
    fi
  done
}

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

# Pass 1 of 3: v1.31.4 to v1.32.13.
if pass_is_done 1.32.13; then
  say 'Pass 1 of 3: the node has v1.32.13 already.'
else
  say 'Pass 1 of 3: v1.31.4 to v1.32.13.'
  kubeadm_may_become 1.32.13

  begin 'Step 1 of 22: Point the package repository at v1.32'
  advice='If the file has another name, edit that one. A legacy repository (apt.kubernetes.io, yum.kubernetes.io) must first be replaced by pkgs.k8s.io. A mirror that keeps all minors in one repository needs no change.'
  minors=$(repository_minors)
  if [ -z "$minors" ]; then
    warn "$repository names no minor in any address; it is left as it is"
  elif [ "$minors" = 1.32 ]; then
    say '    It is there already.'
  else
    run sed -i '/addons:/!s#/v1\.[0-9][0-9]*#/v1.32#g' "$repository"
  fi

  begin 'Step 2 of 22: Upgrade kubeadm to v1.32.13'
  advice='Not found: "dnf clean expire-cache", then "dnf list --showduplicates kubeadm" with the same option lists what the repository has; its id must be kubernetes, its minor v1.32, and it must have 1.32.13. Locked by the versionlock plugin: "dnf versionlock delete" for it, and "add" again afterwards.'
  if has kubeadm 1.32.13; then
    say '    kubeadm 1.32.13 is installed already.'
  else
    unheld=kubeadm
    run dnf install -y 'kubeadm-1.32.13-*' "$disable_excludes"
    unheld=
    must_have kubeadm 1.32.13
  fi
  kubeadm_now=1.32.13

  begin 'Step 3 of 22: Upgrade kubectl to v1.32.13'
  advice='Not found: "dnf clean expire-cache", then "dnf list --showduplicates kubeadm" with the same option lists what the repository has; its id must be kubernetes, its minor v1.32, and it must have 1.32.13. Locked by the versionlock plugin: "dnf versionlock delete" for it, and "add" again afterwards.'
  if [ -z "$(installed_version kubectl)" ]; then
    say '    It is no package here and stays as it is.'
  elif has kubectl 1.32.13; then
    say '    kubectl 1.32.13 is installed already.'
  else
    unheld=kubectl
    run dnf install -y 'kubectl-1.32.13-*' "$disable_excludes"
    unheld=
    must_have kubectl 1.32.13
  fi

  begin 'Step 4 of 22: Upgrade the node'\''s kubelet configuration'
  advice='Compare "kubectl get configmap kubeadm-config --namespace kube-system --output yaml" with v1.34.9: it must not say an older minor than kubeadm has. If the API server did not answer, repeat the command; it may be repeated at any time.'
  run kubeadm upgrade node

  # Needs the administrator's kubeconfig.
  begin 'Step 5 of 22: Drain worker-1'
  advice='After 15m it gives up and names the pods that are left; nothing is broken, and it may be repeated. A disruption budget that allows none needs more replicas first; "--delete-emptydir-data" deletes what pods keep in emptyDir volumes, "--force" deletes pods that no controller makes again. To stop here: "kubectl uncordon worker-1".'
  remember_cordon
  run kubectl drain worker-1 --ignore-daemonsets --timeout=15m ${delete_emptydir_data:+"$delete_emptydir_data"} ${force:+"$force"}

  begin 'Step 6 of 22: Upgrade the kubelet to v1.32.13'
  advice='Not found: "dnf clean expire-cache", then "dnf list --showduplicates kubeadm" with the same option lists what the repository has; its id must be kubernetes, its minor v1.32, and it must have 1.32.13. Locked by the versionlock plugin: "dnf versionlock delete" for it, and "add" again afterwards.'
  if has kubelet 1.32.13; then
    say '    kubelet 1.32.13 is installed already.'
  else
    unheld=kubelet
    run dnf install -y 'kubelet-1.32.13-*' "$disable_excludes"
    kubelet_is_new=yes
    unheld=
    must_have kubelet 1.32.13
  fi
  kubelet_now=1.32.13

  begin 'Step 7 of 22: Restart the kubelet'
  advice='"journalctl --unit kubelet --since -10m" says why. "unknown" or "not enabled" beside a field of the configuration: the kubelet-config of the tenant is newer than this kubelet; take the field out by "configurationJSONPatches" of the TenantControlPlane, then repeat from "kubeadm upgrade node".'
  if restart_is_needed 1.32.13; then
    run systemctl daemon-reload
    run systemctl restart kubelet
    kubelet_is_new=no
  fi
  wait_for_kubelet 1.32.13
fi

# Pass 2 of 3: v1.32.13 to v1.33.13.
if pass_is_done 1.33.13; then
  say 'Pass 2 of 3: the node has v1.33.13 already.'
else
  say 'Pass 2 of 3: v1.32.13 to v1.33.13.'
  kubeadm_may_become 1.33.13

  begin 'Step 8 of 22: Point the package repository at v1.33'
  advice='If the file has another name, edit that one. A legacy repository (apt.kubernetes.io, yum.kubernetes.io) must first be replaced by pkgs.k8s.io. A mirror that keeps all minors in one repository needs no change.'
  minors=$(repository_minors)
  if [ -z "$minors" ]; then
    warn "$repository names no minor in any address; it is left as it is"
  elif [ "$minors" = 1.33 ]; then
    say '    It is there already.'
  else
    run sed -i '/addons:/!s#/v1\.[0-9][0-9]*#/v1.33#g' "$repository"
  fi

  begin 'Step 9 of 22: Upgrade kubeadm to v1.33.13'
  advice='Not found: "dnf clean expire-cache", then "dnf list --showduplicates kubeadm" with the same option lists what the repository has; its id must be kubernetes, its minor v1.33, and it must have 1.33.13. Locked by the versionlock plugin: "dnf versionlock delete" for it, and "add" again afterwards.'
  if has kubeadm 1.33.13; then
    say '    kubeadm 1.33.13 is installed already.'
  else
    unheld=kubeadm
    run dnf install -y 'kubeadm-1.33.13-*' "$disable_excludes"
    unheld=
    must_have kubeadm 1.33.13
  fi
  kubeadm_now=1.33.13

  begin 'Step 10 of 22: Upgrade kubectl to v1.33.13'
  advice='Not found: "dnf clean expire-cache", then "dnf list --showduplicates kubeadm" with the same option lists what the repository has; its id must be kubernetes, its minor v1.33, and it must have 1.33.13. Locked by the versionlock plugin: "dnf versionlock delete" for it, and "add" again afterwards.'
  if [ -z "$(installed_version kubectl)" ]; then
    say '    It is no package here and stays as it is.'
  elif has kubectl 1.33.13; then
    say '    kubectl 1.33.13 is installed already.'
  else
    unheld=kubectl
    run dnf install -y 'kubectl-1.33.13-*' "$disable_excludes"
    unheld=
    must_have kubectl 1.33.13
  fi

  begin 'Step 11 of 22: Upgrade the node'\''s kubelet configuration'
  advice='Compare "kubectl get configmap kubeadm-config --namespace kube-system --output yaml" with v1.34.9: it must not say an older minor than kubeadm has. If the API server did not answer, repeat the command; it may be repeated at any time.'
  run kubeadm upgrade node

  # Needs the administrator's kubeconfig.
  begin 'Step 12 of 22: Drain worker-1'
  advice='After 15m it gives up and names the pods that are left; nothing is broken, and it may be repeated. A disruption budget that allows none needs more replicas first; "--delete-emptydir-data" deletes what pods keep in emptyDir volumes, "--force" deletes pods that no controller makes again. To stop here: "kubectl uncordon worker-1".'
  remember_cordon
  run kubectl drain worker-1 --ignore-daemonsets --timeout=15m ${delete_emptydir_data:+"$delete_emptydir_data"} ${force:+"$force"}

  begin 'Step 13 of 22: Upgrade the kubelet to v1.33.13'
  advice='Not found: "dnf clean expire-cache", then "dnf list --showduplicates kubeadm" with the same option lists what the repository has; its id must be kubernetes, its minor v1.33, and it must have 1.33.13. Locked by the versionlock plugin: "dnf versionlock delete" for it, and "add" again afterwards.'
  if has kubelet 1.33.13; then
    say '    kubelet 1.33.13 is installed already.'
  else
    unheld=kubelet
    run dnf install -y 'kubelet-1.33.13-*' "$disable_excludes"
    kubelet_is_new=yes
    unheld=
    must_have kubelet 1.33.13
  fi
  kubelet_now=1.33.13

  begin 'Step 14 of 22: Restart the kubelet'
  advice='"journalctl --unit kubelet --since -10m" says why. "unknown" or "not enabled" beside a field of the configuration: the kubelet-config of the tenant is newer than this kubelet; take the field out by "configurationJSONPatches" of the TenantControlPlane, then repeat from "kubeadm upgrade node".'
  if restart_is_needed 1.33.13; then
    run systemctl daemon-reload
    run systemctl restart kubelet
    kubelet_is_new=no
  fi
  wait_for_kubelet 1.33.13
fi

# Pass 3 of 3: v1.33.13 to v1.34.9.
if pass_is_done 1.34.9; then
  say 'Pass 3 of 3: the node has v1.34.9 already.'
else
  say 'Pass 3 of 3: v1.33.13 to v1.34.9.'
  kubeadm_may_become 1.34.9

  begin 'Step 15 of 22: Point the package repository at v1.34'
  advice='If the file has another name, edit that one. A legacy repository (apt.kubernetes.io, yum.kubernetes.io) must first be replaced by pkgs.k8s.io. A mirror that keeps all minors in one repository needs no change.'
  minors=$(repository_minors)
  if [ -z "$minors" ]; then
    warn "$repository names no minor in any address; it is left as it is"
  elif [ "$minors" = 1.34 ]; then
    say '    It is there already.'
  else
    run sed -i '/addons:/!s#/v1\.[0-9][0-9]*#/v1.34#g' "$repository"
  fi

  begin 'Step 16 of 22: Upgrade kubeadm to v1.34.9'
  advice='Not found: "dnf clean expire-cache", then "dnf list --showduplicates kubeadm" with the same option lists what the repository has; its id must be kubernetes, its minor v1.34, and it must have 1.34.9. Locked by the versionlock plugin: "dnf versionlock delete" for it, and "add" again afterwards.'
  if has kubeadm 1.34.9; then
    say '    kubeadm 1.34.9 is installed already.'
  else
    unheld=kubeadm
    run dnf install -y 'kubeadm-1.34.9-*' "$disable_excludes"
    unheld=
    must_have kubeadm 1.34.9
  fi
  kubeadm_now=1.34.9

  begin 'Step 17 of 22: Upgrade kubectl to v1.34.9'
  advice='Not found: "dnf clean expire-cache", then "dnf list --showduplicates kubeadm" with the same option lists what the repository has; its id must be kubernetes, its minor v1.34, and it must have 1.34.9. Locked by the versionlock plugin: "dnf versionlock delete" for it, and "add" again afterwards.'
  if [ -z "$(installed_version kubectl)" ]; then
    say '    It is no package here and stays as it is.'
  elif has kubectl 1.34.9; then
    say '    kubectl 1.34.9 is installed already.'
  else
    unheld=kubectl
    run dnf install -y 'kubectl-1.34.9-*' "$disable_excludes"
    unheld=
    must_have kubectl 1.34.9
  fi

  begin 'Step 18 of 22: Upgrade the node'\''s kubelet configuration'
  advice='Compare "kubectl get configmap kubeadm-config --namespace kube-system --output yaml" with v1.34.9: it must not say an older minor than kubeadm has. If the API server did not answer, repeat the command; it may be repeated at any time.'
  run kubeadm upgrade node

  # Needs the administrator's kubeconfig.
  begin 'Step 19 of 22: Drain worker-1'
  advice='After 15m it gives up and names the pods that are left; nothing is broken, and it may be repeated. A disruption budget that allows none needs more replicas first; "--delete-emptydir-data" deletes what pods keep in emptyDir volumes, "--force" deletes pods that no controller makes again. To stop here: "kubectl uncordon worker-1".'
  remember_cordon
  run kubectl drain worker-1 --ignore-daemonsets --timeout=15m ${delete_emptydir_data:+"$delete_emptydir_data"} ${force:+"$force"}

  begin 'Step 20 of 22: Upgrade the kubelet to v1.34.9'
  advice='Not found: "dnf clean expire-cache", then "dnf list --showduplicates kubeadm" with the same option lists what the repository has; its id must be kubernetes, its minor v1.34, and it must have 1.34.9. Locked by the versionlock plugin: "dnf versionlock delete" for it, and "add" again afterwards.'
  if has kubelet 1.34.9; then
    say '    kubelet 1.34.9 is installed already.'
  else
    unheld=kubelet
    run dnf install -y 'kubelet-1.34.9-*' "$disable_excludes"
    kubelet_is_new=yes
    unheld=
    must_have kubelet 1.34.9
  fi
  kubelet_now=1.34.9

  begin 'Step 21 of 22: Restart the kubelet'
  advice='"journalctl --unit kubelet --since -10m" says why. "unknown" or "not enabled" beside a field of the configuration: the kubelet-config of the tenant is newer than this kubelet; take the field out by "configurationJSONPatches" of the TenantControlPlane, then repeat from "kubeadm upgrade node".'
  if restart_is_needed 1.34.9; then
    run systemctl daemon-reload
    run systemctl restart kubelet
    kubelet_is_new=no
  fi
  wait_for_kubelet 1.34.9
fi

# Needs the administrator's kubeconfig.
begin 'Step 22 of 22: Uncordon worker-1'
advice='NotReady: do not uncordon, read "kubectl describe node worker-1" and the kubelet'\''s journal first. SchedulingDisabled: repeat it.'
wait_for_kubelet 1.34.9
marked=$(node_field "$annotation_path")
if [ -n "$marked" ] || [ "$cordon_is_ours" = yes ]; then
  run kubectl uncordon worker-1
  run kubectl annotate node worker-1 upgrade-console.kamaji.clastix.io/cordoned-for-
else
  say '    This runbook did not cordon the node; it stays as it is.'
fi

step=
if [ "$dry_run" = yes ]; then
  say 'Nothing was changed.'
elif [ "$(node_field '{.spec.unschedulable}')" = true ]; then
  say "The node $node has $to and is Ready. It stays cordoned, as it was before this runbook."
else
  say "The node $node has $to, is Ready, and takes pods."
fi
