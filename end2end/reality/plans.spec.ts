import { readFile } from "node:fs/promises";

import { hydrated } from "../tests/fixtures.js";
import { NAMESPACE } from "./cluster.js";
import { expect, test } from "./fixtures.js";
import type { KubernetesStatus } from "./objects.js";

const FROM = "v1.28.3";
const TO = "v1.28.4";
const KIND = "upgradeplans.upgrade-console.kamaji.clastix.io";
const PLANS = `/apis/upgrade-console.kamaji.clastix.io/v1alpha1/namespaces/${NAMESPACE}/upgradeplans`;

/** What the journey reads of a stored plan. */
interface UpgradePlan {
  metadata: { name: string; managedFields: { manager: string }[] };
  spec: Record<string, unknown>;
  status?: { conditions: { type: string; status: string; reason: string }[] };
}

/** A list as `kubectl get` asks for it. */
interface Table {
  columnDefinitions: { name: string }[];
  rows: { cells: unknown[] }[];
}

test("where the kind of plans is missing a plan cannot be stored; once it is installed it can, and goes stale, and is renewed", async ({ page, open, cluster, named }) => {
  const name = named("with-plan");
  await cluster.make(name, { replicas: 1 });
  const choice = `/tenants/${NAMESPACE}/${name}/plan?version=${TO}`;
  const kind = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${KIND}`;
  // A first try may have left it.
  await cluster.ask("DELETE", kind);
  await cluster.until("the kind is gone", async () => (await cluster.ask("GET", kind)).status === 404);
  await open(choice);
  await expect(async () => {
    await page.reload();
    await hydrated(page);
    await expect(page.getByText("the management cluster does not have their kind")).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 60_000 });

  const definition = await readFile(new URL("../../deploy/crds/upgradeplans.yaml", import.meta.url), "utf8");
  await cluster.must("PATCH", `${kind}?fieldManager=reality`, definition, "application/apply-patch+yaml");
  const store = page.getByRole("button", { name: "Store this plan" });
  await expect(async () => {
    await page.reload();
    await hydrated(page);
    await expect(store).toBeVisible({ timeout: 1_000 });
  }, "the running console notices it by itself").toPass({ timeout: 60_000 });
  await store.click();
  await expect(page).toHaveURL(/\/plan\?stored=/);
  const stored = page.getByRole("region", { name: `Stored plan: ${FROM} → ${TO}` });
  await expect(stored).toContainText("Nothing has changed that it was made from.");

  const { items } = await cluster.must<{ items: UpgradePlan[] }>("GET", PLANS);
  const plan = items.find((item) => item.metadata.name.startsWith(name))!;
  expect(plan.status?.conditions).toMatchObject([{ type: "Current", status: "True" }]);
  expect(plan.metadata.managedFields.map(({ manager }) => manager), "nobody but the console wrote it").toEqual(expect.arrayContaining(["tenant-upgrade-console"]));
  const answer = await cluster.open("GET", PLANS, undefined, undefined, { Accept: "application/json;as=Table;g=meta.k8s.io;v=v1" });
  const parts: Buffer[] = [];
  for await (const part of answer) {
    parts.push(part as Buffer);
  }
  const table = JSON.parse(Buffer.concat(parts).toString("utf8")) as Table;
  expect(table.columnDefinitions.map((column) => column.name)).toEqual(["Name", "Tenant", "From", "To", "Strategy", "Verdict", "Current", "Checked", "Made By", "Age"]);
  expect(table.rows.find((row) => row.cells[0] === plan.metadata.name)?.cells.slice(1, 4)).toEqual([name, FROM, TO]);

  const emptied = await cluster.ask("PATCH", `${PLANS}/${plan.metadata.name}`, { spec: { tenant: null } }, "application/merge-patch+json");
  expect(emptied.status, "the API server takes no plan that is none").toBe(422);
  const other = await cluster.ask("PATCH", `${PLANS}/${plan.metadata.name}`, { spec: { to: "v1.29.0" } }, "application/merge-patch+json");
  expect([other.status, (other.body as KubernetesStatus).reason], "a plan stays the plan of its hop").toEqual([422, "Invalid"]);

  await cluster.change(name, { spec: { controlPlane: { deployment: { replicas: 2 } } } });
  const stale = page.getByRole("alert").filter({ hasText: "Something has changed since this plan was made" });
  await expect(stale).toContainText("The number of replicas: 1 → 2.");
  await cluster.until("both pods serve", async () => (await cluster.deployment(name)).status?.readyReplicas === 2);
  await page.getByRole("button", { name: "Renew the plan" }).click();
  await expect(stale).toHaveCount(0);

  await page.getByText("Delete this plan").click();
  await page.getByRole("button", { name: `Delete ${plan.metadata.name}` }).click();
  await expect(page).toHaveURL(`/tenants/${NAMESPACE}/${name}/plan`);
  expect((await cluster.ask("GET", `${PLANS}/${plan.metadata.name}`)).status).toBe(404);
  await cluster.silence(name);
});
