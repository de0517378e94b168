import { chooseStrategy, startButton } from "../tests/pages.js";
import { NAMESPACE, type Cluster } from "./cluster.js";
import { expect, test } from "./fixtures.js";
import type { Deployment } from "./objects.js";

const ONE_BY_ONE = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } };
const BLUE_GREEN = { type: "RollingUpdate", rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 } };

test("a strategy alone starts no rollout, and strategy and version go in one write", async ({ page, open, cluster, named }) => {
  const name = named("strategy-alone");
  await cluster.make(name);
  const pods = await uids(cluster, name);
  const pages = `/tenants/${NAMESPACE}/${name}`;

  await cluster.change(name, { spec: { controlPlane: { deployment: { strategy: ONE_BY_ONE } } } });
  await cluster.until("Kamaji has applied it", async () => made(await cluster.deployment(name)) === "1/1");
  await settled(cluster, name);
  expect(await uids(cluster, name), "each pod is the one it was").toEqual(pods);
  await open(`${pages}/rollout`);
  await expect(page.getByRole("region", { name: "Stages" }), "there is no hop to follow").toHaveCount(0);

  const before = await cluster.tenant(name);
  await open(`${pages}/start?version=v1.28.4`);
  await chooseStrategy(page, "100%/0");
  await startButton(page).click();
  await expect(page).toHaveURL(`${pages}/rollout`);
  const after = await cluster.tenant(name);
  expect(after.metadata.generation, "one write").toBe(before.metadata.generation + 1);
  expect(after.spec.kubernetes.version).toBe("v1.28.4");
  expect(after.spec.controlPlane.deployment.strategy).toEqual(BLUE_GREEN);
  await cluster.until("the hop is finished", () => cluster.finished(name, "v1.28.4"));
  expect((await uids(cluster, name)).filter((uid) => pods.includes(uid)), "each pod is another one").toEqual([]);
  await cluster.silence(name);
});

test("the former strategy is put back as it was declared, and nothing rolls", async ({ page, open, cluster, named }) => {
  const name = named("former-strategy");
  await cluster.make(name);
  const former = (await cluster.tenant(name)).spec.controlPlane.deployment.strategy;
  await open(`/tenants/${NAMESPACE}/${name}/start?version=v1.28.4`);
  await chooseStrategy(page, "1/1");
  await startButton(page).click();
  const restore = page.getByRole("button", { name: "Restore the former strategy" });
  await expect(restore).toBeDisabled();
  await cluster.until("the hop is finished", () => cluster.finished(name, "v1.28.4"));
  const pods = await uids(cluster, name);

  await restore.click();
  await expect(restore).toHaveCount(0);
  const restored = await cluster.tenant(name);
  expect(restored.spec.controlPlane.deployment.strategy).toEqual(former);
  expect(Object.keys(restored.metadata.annotations ?? {})).not.toContain("upgrade-console.kamaji.clastix.io/former-strategy");
  await cluster.until("Kamaji has applied it", async () => made(await cluster.deployment(name)) === "100%/0");
  await settled(cluster, name);
  expect(await uids(cluster, name)).toEqual(pods);
  await cluster.silence(name);
});

test("what Kamaji makes of an empty or half given strategy is what the console says", async ({ page, open, cluster, named }) => {
  const name = named("half-given");
  await cluster.make(name);
  const cases: { declared: object; shown: RegExp }[] = [
    { declared: { rollingUpdate: { maxSurge: 2, maxUnavailable: null } }, shown: /\b2\/25%/ },
    { declared: { rollingUpdate: { maxSurge: null, maxUnavailable: 1 } }, shown: /\b25%\/1\b/ },
    { declared: { type: "Recreate", rollingUpdate: null }, shown: /Recreate/ },
    { declared: { type: null, rollingUpdate: null }, shown: /100%\/0/ },
  ];
  for (const { declared, shown } of cases) {
    await cluster.change(name, { spec: { controlPlane: { deployment: { strategy: declared } } } });
    await expect.poll(async () => made(await cluster.deployment(name)), { message: JSON.stringify(declared) }).toMatch(shown);
    await open(`/tenants/${NAMESPACE}/${name}`);
    await expect(page.getByRole("main"), JSON.stringify(declared)).toContainText(shown);
  }
  await cluster.silence(name);
});

test("both numbers zero are taken by Kamaji's API, stall it, and a valid strategy frees it", async ({ page, open, cluster, named }) => {
  const name = named("both-zero");
  await cluster.make(name);
  await cluster.change(name, {
    spec: {
      kubernetes: { version: "v1.28.4" },
      controlPlane: { deployment: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } } },
    },
  });
  await open(`/tenants/${NAMESPACE}/${name}/rollout`);
  const stuck = page.getByRole("region", { name: "What keeps it" });
  // Only then does what the start page binds to stay as it is.
  await cluster.until("Kamaji has taken it up", async () => {
    return (await cluster.tenant(name)).status?.kubernetesResources?.version?.status === "Upgrading";
  });
  await expect(stuck).toContainText("Kamaji's API took the strategy, the Deployment refuses it");
  expect((await cluster.deployment(name)).spec.strategy).toEqual(BLUE_GREEN);
  await stuck.getByRole("link", { name: "Prepare the strategy 100%/0" }).click();
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${NAMESPACE}/${name}/rollout`);
  await cluster.until("the hop is finished", () => cluster.finished(name, "v1.28.4"));
  await expect(stuck).toHaveCount(0);
  await cluster.silence(name);
});

/** The strategy that Kamaji gave a Deployment, as people write it. */
function made({ spec: { strategy } }: Deployment): string {
  return strategy.type === "Recreate" ? strategy.type : `${strategy.rollingUpdate?.maxSurge}/${strategy.rollingUpdate?.maxUnavailable}`;
}

async function uids(cluster: Cluster, name: string): Promise<string[]> {
  return (await cluster.pods(name)).map((pod) => pod.metadata.uid).sort();
}

/** Waits until the Deployment controller has seen the last change of the Deployment, and nothing of it is left to do. */
async function settled(cluster: Cluster, name: string): Promise<void> {
  await cluster.until("the Deployment is settled", async () => {
    const { metadata, spec, status } = await cluster.deployment(name);
    return status?.observedGeneration === metadata.generation && status.readyReplicas === spec.replicas;
  });
}
