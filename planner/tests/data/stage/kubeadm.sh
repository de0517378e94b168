# kubeadm of the stage. Keeps kubeadm's own rule: the minor used before, or the next one.
echo "kubeadm $* (v$VERSION)" >>"$STAGE/log"
[ "$*" = 'upgrade node' ] || exit 1
minor=${VERSION#1.}
minor=${minor%%.*}
before=$(cat "$STAGE/node/kubeadm-minor")
case $((minor - before)) in
  0 | 1) ;;
  *) echo "the stage sees kubeadm go from 1.$before to 1.$minor" >&2 && exit 1 ;;
esac
echo "$minor" >"$STAGE/node/kubeadm-minor"
echo "kubelet configuration by kubeadm v$VERSION" >"$STAGE/node/kubelet-configuration"
