import { live } from "../tests/fixtures.js";
import { startButton } from "../tests/pages.js";
import { deploymentPath, NAMESPACE, versionOf, words } from "./cluster.js";
import { expect, test } from "./fixtures.js";
import { finishes, start } from "./rollouts.js";

/** The version that each of these tenants gets stuck on, and another patch that works. */
const BROKEN = "v1.28.4";
const WORKING = "v1.28.5";

/** Pods that cannot start: what keeps them, as the page says it. */
const FAULTS = [
  { fault: "image-pull", says: "The image of 3 pods cannot be pulled (ImagePullBackOff)." },
  { fault: "crash-loop", says: "A container of 3 pods dies again and again." },
];

for (const { fault, says } of FAULTS) {
  test(`pods that do not start (${fault}) are named, the old ones serve on, and another patch is a way out`, async ({ page, open, cluster, named }) => {
    const name = named(`stuck-${fault}`);
    const annotations = { "reality/broken": BROKEN, "reality/broken-how": fault };
    await cluster.make(name, { patch: { spec: { controlPlane: { deployment: { podAdditionalMetadata: { annotations } } } } } });
    await start(page, open, name, BROKEN);
    const stuck = page.getByRole("region", { name: "What keeps it" });
    await expect(stuck).toContainText(says);
    await expect(page.getByRole("region", { name: "Pods" })).toContainText("3 of 3 serve: 3 old, 0 new");
    await expect(page.getByRole("listitem").filter({ hasText: "Rolling out, stuck" })).toBeVisible();
    await expect(stuck, "this Kamaji takes no older patch").not.toContainText("Set the version back");

    await stuck.getByRole("link", { name: "Choose another patch of v1.28" }).click();
    await open(`/tenants/${NAMESPACE}/${name}/start?version=${WORKING}`);
    await startButton(page).click();
    await finishes(page, cluster, name, WORKING, stuck);
    await cluster.silence(name);
  });
}

test("pods that no node takes are named, and going on in place is a way out", async ({ page, open, cluster, named }) => {
  // Three pods fill the one node that they may stand on.
  const name = named("stuck-nodes");
  const resources = { apiServer: { requests: { cpu: "1300m" } } };
  const nodeSelector = { "kubernetes.io/hostname": "node-1" };
  await cluster.make(name, { patch: { spec: { controlPlane: { deployment: { resources, nodeSelector } } } } });
  await start(page, open, name, BROKEN, { despite: /Does not fit: none of 3 new pods finds room, .* CPU short/ });
  const stuck = page.getByRole("region", { name: "What keeps it" });
  await expect(stuck).toContainText("No node takes 3 pods.");
  await expect(stuck.locator(".exits > li").filter({ hasText: "Make room on the nodes" })).toContainText(
    "Only an administrator of the management cluster can do this.",
  );
  await expect(page.getByRole("region", { name: "Events" })).toContainText("Insufficient cpu");
  await stuck.getByRole("link", { name: "Prepare the strategy in place" }).click();
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${NAMESPACE}/${name}/rollout`);
  await finishes(page, cluster, name, BROKEN, stuck);
  await cluster.silence(name);
});

test("a tenant whose API server does not answer waits at Kamaji's gate, and goes on when it answers", async ({ page, open, cluster, named }) => {
  const name = named("stuck-gate");
  await cluster.make(name);
  await cluster.silence(name);
  await start(page, open, name, BROKEN);
  const stuck = page.getByRole("region", { name: "What keeps it" });
  await expect(stuck).toContainText("most likely the tenant's API server does not answer it", { timeout: 75_000 });
  await expect(stuck).toContainText("Bring the tenant's API server back");
  await expect(stuck).toContainText("any change of the TenantControlPlane, such as an annotation, makes it try at once");
  await cluster.answer(name);
  // By itself it would try again too, after a pause that has been seen to be longer than two minutes.
  await cluster.change(name, { metadata: { annotations: { "example.com/looked-at": "now" } } });
  await finishes(page, cluster, name, BROKEN, stuck);
  await cluster.silence(name);
});

test("a rollout that makes no progress within the deadline is named, and no second minor is begun before it is settled", async ({ page, open, cluster, named }) => {
  const name = named("stuck-deadline");
  const annotations = { "reality/broken": BROKEN };
  await cluster.make(name, { patch: { spec: { controlPlane: { deployment: { podAdditionalMetadata: { annotations } } } } } });
  await start(page, open, name, BROKEN);
  await cluster.until("all new pods are there", async () => (await cluster.pods(name)).length === 6);
  // Kamaji sets 600 s when it makes the Deployment, and leaves alone what somebody sets later.
  await cluster.must("PATCH", deploymentPath(name), { spec: { progressDeadlineSeconds: 2 } }, "application/merge-patch+json");
  const stuck = page.getByRole("region", { name: "What keeps it" });
  await expect(stuck).toContainText("The rollout has made no progress within the Deployment's deadline.");
  await expect(page.getByRole("region", { name: "Conditions of the Deployment" }).first()).toContainText("ProgressDeadlineExceeded");
  await expect(page.getByRole("region", { name: "Pods" })).toContainText("3 of 3 serve: 3 old, 0 new");

  const other = await page.context().newPage();
  const second = "v1.29.0";
  expect(words(await cluster.dryRun(name, { spec: { kubernetes: { version: second } } })), "Kamaji would take it").toBe("");
  await other.goto(`/tenants/${NAMESPACE}/${name}/start?version=${second}`);
  await expect(other.locator(".finding--blocks").first()).toContainText(BROKEN);
  await expect(startButton(other)).toBeDisabled();
  await other.close();

  await cluster.release(name);
  await finishes(page, cluster, name, BROKEN, stuck);
  await cluster.silence(name);
});

test("with no API server ready Kamaji applies nothing, which is named, and an administrator frees it through the status", async ({ page, open, cluster, named }) => {
  const name = named("stuck-deadlock");
  const annotations = { "reality/broken": BROKEN, "reality/broken-how": "crash-loop" };
  await cluster.make(name, { patch: { spec: { controlPlane: { deployment: { podAdditionalMetadata: { annotations } } } } } });
  await start(page, open, name, BROKEN, { strategy: "recreate" });
  const stuck = page.getByRole("region", { name: "What keeps it" });
  await expect(stuck).toContainText("A container of 3 pods dies again and again.");
  // This Kamaji takes a Deployment without pods for a ready one, so it has recorded the version that no pod serves.
  await cluster.until("Kamaji has seen that nothing serves", async () => {
    const { version, status } = (await cluster.tenant(name)).status?.kubernetesResources?.version ?? {};
    return version === BROKEN && status === "NotReady";
  });
  // The pods of this cluster run nothing: with all old ones gone, nobody would answer for the tenant.
  await cluster.silence(name);
  await cluster.change(name, { spec: { kubernetes: { version: WORKING } } });
  await expect(stuck).toContainText("No API server is ready, and Kamaji applies nothing until one answers: neither can go first.");
  await expect(stuck.locator(".exits > li").filter({ hasText: "status" })).toContainText("Only an administrator of the management cluster can do this.");
  expect((await cluster.pods(name)).map(versionOf), "it is so: nothing was applied").toEqual([BROKEN, BROKEN, BROKEN]);

  await cluster.changeStatus(name, { kubernetesResources: { version: { status: "Upgrading" } } });
  await finishes(page, cluster, name, WORKING, stuck);
});

test("two minors wanted one after the other at a closed gate are a dead end, and an administrator frees it through the status", async ({ page, open, cluster, named }) => {
  const name = named("stuck-dead-end");
  await cluster.make(name, { replicas: 1, withoutApi: true });
  // The console begins no second minor before the first is settled; Kamaji takes both.
  for (const version of ["v1.29.0", "v1.30.2"]) {
    await cluster.change(name, { spec: { kubernetes: { version } } });
  }
  await open(`/tenants/${NAMESPACE}/${name}/rollout`);
  await live(page);
  const stuck = page.getByRole("region", { name: "What keeps it" });
  await expect(stuck).toContainText("Between v1.28.3 and v1.30.2 lies more than one minor: Kamaji neither goes on nor takes an older version.");
  await expect(stuck.locator(".exits > li").filter({ hasText: "status" })).toContainText("Only an administrator of the management cluster can do this.");
  expect(words(await cluster.dryRun(name, { spec: { kubernetes: { version: "v1.28.3" } } })), "it takes none that is older").toContain("unable to downgrade");

  await cluster.changeStatus(name, { kubernetesResources: { version: { status: "Upgrading" } } });
  await finishes(page, cluster, name, "v1.30.2", stuck);
});
