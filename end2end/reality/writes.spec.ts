import { hydrated, live } from "../tests/fixtures.js";
import { agreeToMinor, answerForKubelets, chooseStrategy, startButton } from "../tests/pages.js";
import { NAMESPACE } from "./cluster.js";
import { expect, test } from "./fixtures.js";
import type { Tenant } from "./objects.js";

/** The name under which the API server notes the console's writes. */
const MANAGER = "tenant-upgrade-console";

/** Where the console remembers the strategy that it replaced. */
const MEMORY = "upgrade-console.kamaji.clastix.io/former-strategy";

/** Fields that the console knows nothing of, everywhere a TenantControlPlane has some. */
const UNKNOWN = {
  metadata: {
    labels: { "example.com/team": "blue" },
    annotations: { "example.com/note": "kept as it is" },
    finalizers: ["example.com/kept"],
  },
  spec: {
    controlPlane: {
      deployment: {
        extraArgs: { apiServer: ["--v=2"], scheduler: ["--v=3"] },
        tolerations: [{ key: "example.com/reserved", operator: "Exists", effect: "NoSchedule" }],
        nodeSelector: { "kubernetes.io/os": "linux" },
        additionalMetadata: { labels: { "example.com/kept": "yes" } },
      },
    },
    networkProfile: { certSANs: ["kept.example.com"] },
  },
};

test("of an object with fields that nobody here knows, only the intended ones are written", async ({ page, open, cluster, named }) => {
  const name = named("unknown-fields");
  await cluster.make(name, { replicas: 1, withoutApi: true, patch: UNKNOWN });
  const before = await cluster.tenant(name);
  expect(before.metadata.labels).toMatchObject(UNKNOWN.metadata.labels);
  expect(before.spec).toMatchObject({ networkProfile: UNKNOWN.spec.networkProfile });

  await open(`/tenants/${NAMESPACE}/${name}/start?version=v1.28.4`);
  await chooseStrategy(page, "1/1");
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${NAMESPACE}/${name}/rollout`);

  const after = await cluster.tenant(name);
  const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } };
  expect(JSON.parse(after.metadata.annotations?.[MEMORY] ?? "null")).toEqual(before.spec.controlPlane.deployment.strategy);
  expect(settable(after)).toEqual(
    settable({
      ...before,
      metadata: { ...before.metadata, annotations: { ...before.metadata.annotations, [MEMORY]: after.metadata.annotations![MEMORY]! } },
      spec: {
        ...before.spec,
        kubernetes: { ...before.spec.kubernetes, version: "v1.28.4" },
        controlPlane: {
          ...before.spec.controlPlane,
          deployment: { ...before.spec.controlPlane.deployment, strategy },
        },
      },
    }),
  );
  const owned = (after.metadata.managedFields ?? []).filter((entry) => entry.manager === MANAGER);
  expect(owned.map((entry) => [entry.operation, entry.subresource])).toEqual([["Update", undefined]]);
  expect(leaves(owned[0]!.fieldsV1).sort()).toEqual([
    `f:metadata f:annotations f:${MEMORY}`,
    "f:spec f:controlPlane f:deployment f:strategy f:rollingUpdate f:maxSurge",
    "f:spec f:controlPlane f:deployment f:strategy f:rollingUpdate f:maxUnavailable",
    "f:spec f:kubernetes f:version",
  ]);
});

test("a status that is written 50 times between the page and the start disturbs nobody", async ({ page, open, cluster, named }) => {
  const name = named("busy-status");
  await cluster.make(name, { replicas: 1, withoutApi: true });
  await open(`/tenants/${NAMESPACE}/${name}/start?version=v1.29.0`);
  await live(page);
  await answerForKubelets(page);
  await agreeToMinor(page, name);
  const before = await cluster.tenant(name);
  for (let round = 0; round < 50; round += 1) {
    await cluster.changeStatus(name, { kubeadmconfig: { checksum: `round ${round}` } });
  }
  const after = await cluster.tenant(name);
  expect(after.metadata.generation).toBe(before.metadata.generation);
  expect(Number(after.metadata.resourceVersion) - Number(before.metadata.resourceVersion)).toBeGreaterThanOrEqual(50);
  await expect(page.getByRole("alert").filter({ hasText: "changed" })).toHaveCount(0);
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${NAMESPACE}/${name}/rollout`);
  expect((await cluster.tenant(name)).spec.kubernetes.version).toBe("v1.29.0");
});

test("a spec that changed once between the page and the start refuses it, and is shown", async ({ page, open, cluster, complaints, named }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 409/);
  complaints.expect(/net::ERR_FAILED .*\/live\//);
  const name = named("changed-spec");
  await cluster.make(name, { replicas: 1, withoutApi: true });
  // The page does not hear of it, so only the fresh read before the write can find it.
  await page.route("**/live/**", (route) => route.abort());
  await open(`/tenants/${NAMESPACE}/${name}/start?version=v1.29.0`);
  await answerForKubelets(page);
  await agreeToMinor(page, name);
  await cluster.change(name, { spec: { controlPlane: { deployment: { replicas: 2 } } } });
  await startButton(page).click();
  const alert = page.getByRole("alert").filter({ hasText: "The tenant has changed" });
  await expect(alert).toContainText("the number of replicas: 1 → 2");
  await expect(alert).toContainText("Nothing was written.");
  expect((await cluster.tenant(name)).spec.kubernetes.version).toBe("v1.28.3");
});

test("of two browsers that start at once, one starts and the other is told what changed", async ({ page, browser, baseURL, cluster, complaints, named }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 409/);
  complaints.expect(/net::ERR_FAILED .*\/live\//);
  const name = named("two-browsers");
  await cluster.make(name, { replicas: 1, withoutApi: true });
  const context = await browser.newContext({ baseURL: baseURL! });
  const other = await context.newPage();
  let sent = 0;
  let release: () => void = () => undefined;
  const both = new Promise<void>((resolve) => (release = resolve));
  for (const [person, version] of [[page, "v1.29.0"], [other, "v1.29.1"]] as const) {
    await person.route("**/live/**", (route) => route.abort());
    await person.route("**/api/start_hop*", async (route) => {
      sent += 1;
      if (sent === 2) {
        release();
      }
      await both;
      await route.continue();
    });
    await person.goto(`/tenants/${NAMESPACE}/${name}/start?version=${version}`);
    await hydrated(person);
    await answerForKubelets(person);
    await agreeToMinor(person, name);
  }
  const answers = Promise.all([page, other].map((person) => person.waitForResponse(/\/api\/start_hop/)));
  await Promise.all([startButton(page).click(), startButton(other).click()]);
  expect((await answers).map((answer) => answer.status()).sort()).toEqual([200, 409]);
  const tenant = await cluster.tenant(name);
  const wanted = tenant.spec.kubernetes.version;
  expect(tenant.metadata.managedFields?.filter((entry) => entry.manager === MANAGER)).toHaveLength(1);
  const [winner, loser] = wanted === "v1.29.0" ? [page, other] : [other, page];
  await expect(winner).toHaveURL(`/tenants/${NAMESPACE}/${name}/rollout`);
  await expect(loser.getByRole("alert").filter({ hasText: "The tenant has changed" })).toContainText(`the wanted version: v1.28.3 → ${wanted}`);
  await context.close();
});

/** What of an object people set: without status, and without what the API server counts. */
function settable(tenant: Tenant): object {
  const { status: _, ...object } = tenant;
  const { resourceVersion: __, generation: ___, managedFields: ____, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** The paths of `fieldsV1` that have nothing below them. */
function leaves(fields: object, above: string[] = []): string[] {
  const children = Object.entries(fields).filter(([key]) => key !== ".");
  if (children.length === 0) {
    return [above.join(" ")];
  }
  return children.flatMap(([key, below]) => leaves(below as object, [...above, key]));
}
