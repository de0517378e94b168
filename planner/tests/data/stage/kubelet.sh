# kubelet of the stage.
[ "$1" = --version ] && echo "Kubernetes v$VERSION"
