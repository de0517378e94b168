
step=
if [ "$dry_run" = yes ]; then
  say 'Nothing was changed.'
elif [ "$(node_field '{.spec.unschedulable}')" = true ]; then
  say "The node $node has $to and is Ready. It stays cordoned, as it was before this runbook."
else
  say "The node $node has $to, is Ready, and takes pods."
fi
