import { readFile } from "node:fs/promises";

import { expect, live, lookAs, test } from "./fixtures.js";
import { rolloutSentence, startButton } from "./pages.js";

const TENANT = "team-a/tenant-00";

test("a plan is made, taken away, goes stale, and is made again", async ({ page, open, sandbox, accessible }) => {
  await open(`/tenants/${TENANT}`);
  await page.getByRole("link", { name: "Plan", exact: true }).click();
  await expect(page.getByRole("heading", { name: "v1.35.6 → v1.36.4 is the next minor. Nothing blocks it." })).toBeVisible();
  await live(page);
  await accessible();
  const findings = page.getByRole("region", { name: "What speaks for and against it" });
  await expect(findings).toContainText("The API server and Kamaji would take this change.");
  await expect(findings).toContainText("Fits: all 3 additional pods find room at once.");
  const costs = page.getByRole("region", { name: "What it costs more than today" });
  const chosen = costs.getByRole("region", { name: "Strategies against today" }).getByRole("row").filter({ hasText: "the one of this plan" });
  await expect(chosen).toContainText("Blue/Green, 100%/0");
  await expect(chosen).toContainText("+3");
  await costs.locator("figure").first().getByText("Show as table").click();
  await expect(costs.getByRole("region", { name: /over time: Blue\/Green, 100%\/0 and Rolling, 1\/1/ })).toBeVisible();

  const [markdown] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Markdown" }).click()]);
  expect(markdown.suggestedFilename()).toBe("tenant-00-upgrade-plan.md");
  expect(await readFile(await markdown.path(), "utf8")).toContain("# team-a/tenant-00: v1.35.6 → v1.36.4");
  const [json] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "JSON" }).click()]);
  const plan: { digest: string; headline: string } = JSON.parse(await readFile(await json.path(), "utf8"));
  expect(plan.headline).toBe("v1.35.6 → v1.36.4 is the next minor. Nothing blocks it.");
  await expect(page.getByRole("region", { name: "For the reviewer" })).toContainText(plan.digest);

  await sandbox.change(TENANT, { spec: { controlPlane: { deployment: { replicas: 2 } } } });
  const stale = page.getByRole("alert").filter({ hasText: "The tenant changed after this plan was made" });
  await expect(stale).toContainText("The number of replicas: 3 → 2.");
  await sandbox.advanceUntil("two pods are left", async () => (await sandbox.versions(TENANT)).length === 2);
  await stale.getByRole("link", { name: "Make the plan again" }).click();
  await expect(stale).toHaveCount(0);
  await expect(page.getByRole("region", { name: "For the reviewer" })).not.toContainText(plan.digest);

  await page.getByRole("link", { name: "Go on to the start" }).click();
  await expect(startButton(page)).toBeEnabled();
});

test.describe("on nodes without room", () => {
  test.use({ scenario: "full" });

  test("doubling does not fit, and the proposal that does is taken", async ({ page, open, sandbox, accessible }) => {
    await open(`/tenants/${TENANT}/plan?version=v1.35.9`);
    await expect(page.getByRole("heading", { name: "v1.35.6 → v1.35.9 cannot be started: one finding blocks it." })).toBeVisible();
    await accessible();
    const strategy = page.getByRole("region", { name: "Strategy: Blue/Green, 100%/0" });
    await strategy.getByRole("link", { name: "Plan it with 0/1" }).click();
    await expect(page.getByRole("heading", { name: "v1.35.6 → v1.35.9 is a patch. Nothing blocks it." })).toBeVisible();
    await page.getByRole("link", { name: "Go on to the start" }).click();
    await startButton(page).click();
    await expect(page).toHaveURL(`/tenants/${TENANT}/rollout`);
    await live(page);
    await sandbox.advanceUntil("finished", () => sandbox.finished(TENANT, "v1.35.9"));
    await expect(rolloutSentence(page)).toHaveText("v1.35.9 is installed and serves, and no older pod is left.");
  });

  test("what blocks for others' sake gives way to a reason of whoever sees every tenant", async ({ page, open, sandbox }) => {
    await open(`/tenants/${TENANT}/start?version=v1.35.9`);
    await expect(startButton(page)).toBeDisabled();
    await expect(page.getByText("Whoever sees every tenant may start it all the same, with a reason.")).toBeVisible();

    await lookAs(page, "platform-admin");
    await page.getByLabel("Why start it although this is blocked").fill("a node comes in a minute");
    await startButton(page).click();
    await expect(page).toHaveURL(`/tenants/${TENANT}/rollout`);
    expect((await sandbox.tenant(TENANT)).spec.kubernetes.version).toBe("v1.35.9");
  });
});

test("while a neighbour on the same DataStore has twice its pods, a second doubling is blocked and 0/1 is not", async ({ page, open, sandbox }) => {
  await sandbox.change("team-a/edge-gateway", { spec: { kubernetes: { version: "v1.35.7" } } });
  await sandbox.advanceUntil("six pods", async () => (await sandbox.versions("team-a/edge-gateway")).length === 6);
  await open(`/tenants/${TENANT}/start?version=v1.35.9`);
  await expect(page.getByRole("heading", { name: "v1.35.6 → v1.35.9 cannot be started: one finding blocks it." })).toBeVisible();
  await expect(page.getByRole("region", { name: "What the management cluster says to it" })).toContainText("DataStore default");
  await expect(startButton(page)).toBeDisabled();
  await page.locator('input[type="radio"][name="strategy"][value="0/1"]').check();
  await expect(startButton(page)).toBeEnabled();
});

test("the strategy alone may change at rest, and starts no rollout", async ({ page, open, sandbox }) => {
  await open(`/tenants/${TENANT}/start?version=v1.35.6&strategy=1%2F1`);
  await expect(page.getByRole("heading", { name: "v1.35.6 stays the wanted version, only the strategy changes. Nothing blocks it." })).toBeVisible();
  const before = (await sandbox.versions(TENANT)).length;
  await page.getByRole("button", { name: "Change the strategy of tenant-00" }).click();
  await expect(page).toHaveURL(`/tenants/${TENANT}/rollout`);
  await sandbox.advance(30);
  expect((await sandbox.tenant(TENANT)).spec.controlPlane.deployment.strategy).toMatchObject({ rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } });
  expect((await sandbox.versions(TENANT)).length, "no pod more").toBe(before);
});

test("without JavaScript the plan is whole, and another choice is a form", async ({ visitor, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 422/);
  const page = await visitor({ javaScriptEnabled: false });
  await page.goto(`/tenants/${TENANT}/plan?version=v1.35.9`);
  await expect(page.getByRole("heading", { name: "v1.35.6 → v1.35.9 is a patch. Nothing blocks it." })).toBeVisible();
  await expect(page.getByRole("region", { name: "For the reviewer" })).toContainText("sha256:");
  await page.getByText("Another version or strategy").click();
  await page.locator('input[type="radio"][name="strategy"][value="1/1"]').check();
  await page.getByRole("button", { name: "Show this choice" }).click();
  await expect(page.getByRole("region", { name: "Strategy: Rolling, 1/1" })).toBeVisible();

  const costs = page.getByRole("region", { name: "What it costs more than today" });
  await expect(costs).not.toContainText("In money");
  await page.getByText("Prices, assumptions, and what the DataStore takes").click();
  await page.getByLabel("Price of a core hour").fill("0.04");
  await page.getByRole("button", { name: "Reckon with these" }).click();
  await expect(page.getByText("Money needs all three")).toBeVisible();
  await page.getByLabel("Price of a GiB hour of memory").fill("0.005");
  await page.getByLabel("Currency").fill("EUR");
  await page.getByLabel("CPU of one pod").fill("250m");
  await page.getByLabel("Memory of one pod").fill("512Mi");
  await page.getByRole("button", { name: "Reckon with these" }).click();
  await expect(page.getByRole("region", { name: "Strategy: Rolling, 1/1" })).toBeVisible();
  await expect(costs).toContainText("In money");
  await expect(costs.getByRole("row", { name: /^Rolling, 1\/1 the one of this plan/ })).toContainText("EUR");
  const [markdown] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Markdown" }).click()]);
  expect(await readFile(await markdown.path(), "utf8")).toContain("In money");
});
