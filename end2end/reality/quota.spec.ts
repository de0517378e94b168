import { NAMESPACE, podsPath } from "./cluster.js";
import { expect, test } from "./fixtures.js";
import { finishes, start } from "./rollouts.js";

const TO = "v1.28.4";

test("a quota that refuses pods is named in the API server's words, and raising it is a way out", async ({ page, open, cluster, named }) => {
  const name = named("stuck-quota");
  await cluster.make(name);
  const quotas = `/api/v1/namespaces/${NAMESPACE}/resourcequotas`;
  const { items } = await cluster.must<{ items: object[] }>("GET", podsPath());
  await cluster.must("POST", quotas, { metadata: { name: "pods" }, spec: { hard: { pods: String(items.length) } } });
  await cluster.until("the quota is counted", async () => {
    const quota = await cluster.must<{ status?: { used?: { pods?: string } } }>("GET", `${quotas}/pods`);
    return quota.status?.used?.pods === String(items.length);
  });
  await start(page, open, name, TO, { despite: /Does not fit: none of 3 new pods finds room, .*quota pods allows/ });
  const stuck = page.getByRole("region", { name: "What keeps it" });
  try {
    await expect(stuck).toContainText("A quota refuses new pods.");
    await expect(stuck).toContainText("exceeded quota: pods");
    await expect(stuck).toContainText("Raise the quota of the namespace.");
    await expect(page.getByRole("region", { name: "Pods" })).toContainText("3 of 3 serve: 3 old, 0 new");
  } finally {
    // No other tenant's pods would come with it.
    await cluster.must("DELETE", `${quotas}/pods`);
  }
  await finishes(page, cluster, name, TO, stuck);
  await cluster.silence(name);
});
