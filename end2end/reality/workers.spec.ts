import { live } from "../tests/fixtures.js";
import { NAMESPACE } from "./cluster.js";
import { expect, test } from "./fixtures.js";
import { finishes, start } from "./rollouts.js";
import { TenantApi } from "./tenant-api.js";

const FROM = "v1.28.3";
const TO = "v1.28.4";

test("nodes of a real tenant API are counted by what they report, until the tenant is finished", async ({ page, open, cluster, named }) => {
  const name = named("with-workers");
  await cluster.make(name, { reachable: true });
  const tenant = await TenantApi.of(cluster, name);
  const nodes = ["worker-1", "worker-2", "worker-3"];
  for (const node of nodes) {
    await tenant.join(node, FROM);
  }
  await open(`/tenants/${NAMESPACE}/${name}/workers`);
  await expect(page.getByRole("region", { name: "The tenant is finished." }).getByRole("status")).toHaveText(`All 3 workers run ${FROM}.`);

  await start(page, open, name, TO);
  await finishes(page, cluster, name, TO, page.getByRole("region", { name: "What keeps it" }));
  await open(`/tenants/${NAMESPACE}/${name}/workers?node=worker-1`);
  await live(page);
  const verdict = page.getByRole("region", { name: "The control plane is finished, the workers are not." });
  await expect(verdict.getByRole("status")).toHaveText(`0 of 3 workers run ${TO}, are ready and take pods. The oldest kubelet is ${FROM}.`);
  await expect(page.getByRole("link", { name: "Upgrade worker-1 next" })).toBeVisible({ timeout: 30_000 });

  const steps = page.getByRole("list", { name: "As the node reports it" }).getByRole("listitem");
  await tenant.cordon("worker-1", true);
  await expect(steps.filter({ hasText: "Cordoned" })).toContainText("done");
  await expect(steps.filter({ hasText: "Drained" }), "there are no pods on it").toContainText("done");
  await tenant.report("worker-1", TO);
  await expect(steps.filter({ hasText: "New kubelet" })).toContainText("done");
  await expect(steps.filter({ hasText: "Takes pods" })).toContainText("next");
  await tenant.cordon("worker-1", false);
  await expect(verdict.getByRole("status")).toContainText(`1 of 3 workers run ${TO}`);
  await expect(page.getByRole("link", { name: "Upgrade worker-2 next" })).toBeVisible();

  for (const node of nodes.slice(1)) {
    await tenant.report(node, TO);
  }
  await expect(page.getByRole("region", { name: "The tenant is finished." }).getByRole("status")).toHaveText(`All 3 workers run ${TO}.`);
  await cluster.silence(name);
});
