import { expect, test } from "./fixtures.js";
import { agreeToMinor, chooseStrategy, comparison, rolloutSentence, startButton } from "./pages.js";

const TENANT = "team-a/tenant-00";

test.use({ javaScriptEnabled: false });

test("without JavaScript a person compares, starts, and follows by reloading", async ({ page, open, sandbox }) => {
  await open("/");
  await page.getByRole("searchbox", { name: "Search" }).fill("tenant-00");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("link", { name: "tenant-00", exact: true }).click();

  await page.getByRole("link", { name: "Strategy lab" }).click();
  const before = await comparison(page);
  await page.getByLabel("Termination", { exact: true }).fill("60");
  await page.getByRole("radio", { name: /^Rolling/ }).check();
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page.getByLabel("Termination", { exact: true })).toHaveValue("60");
  await expect(page.getByRole("radio", { name: /^Rolling/ })).toBeChecked();
  expect(await comparison(page)).not.toEqual(before);

  await page.getByRole("link", { name: /Check and start with Rolling/ }).click();
  await chooseStrategy(page, "100%/0");
  await page.getByLabel("Version", { exact: true }).selectOption("v1.36.3");
  await page.getByRole("button", { name: "Show this choice" }).click();
  await expect(page.getByRole("heading", { name: "v1.35.6 → v1.36.3 is the next minor. Nothing blocks it." })).toBeVisible();
  await expect(page.getByText("The API server and Kamaji would take this change.")).toBeVisible();
  await agreeToMinor(page, "tenant-00");
  await startButton(page).click();

  await expect(page).toHaveURL(`/tenants/${TENANT}/rollout`);
  await sandbox.advanceUntil("six pods", async () => (await sandbox.versions(TENANT)).length === 6);
  await expect(async () => {
    await page.getByRole("link", { name: "Reload" }).click();
    await expect(rolloutSentence(page)).toHaveText("0 of 3 new API servers serve v1.36.3; of the older version 3 still serve.", { timeout: 500 });
  }).toPass();
  await sandbox.advanceUntil("finished", () => sandbox.finished(TENANT, "v1.36.3"));
  await expect(async () => {
    await page.getByRole("link", { name: "Rollout", exact: true }).click();
    await expect(rolloutSentence(page)).toHaveText("v1.36.3 is installed and serves, and no older pod is left.", { timeout: 500 });
  }).toPass();
});

test("without JavaScript a refused start comes back with its reason and with what was filled in", async ({ page, open, sandbox, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 422/);
  await open(`/tenants/${TENANT}/start?version=v1.36.4`);
  await agreeToMinor(page, "tenant-01");
  await startButton(page).click();
  const alert = page.getByRole("alert").filter({ hasText: "Not started" });
  await expect(alert).toContainText("the tenant's name, tenant-00, must be typed");
  await expect(page.getByLabel("Type the name of the tenant to confirm")).toHaveValue("tenant-01");
  expect(await sandbox.written()).toEqual([]);

  await page.getByLabel("Type the name of the tenant to confirm").fill("tenant-00");
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${TENANT}/rollout`);
  expect(await sandbox.written()).toHaveLength(1);
});

test("without JavaScript a change in between stops the start, and the page shows what changed", async ({ page, open, sandbox, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 409/);
  await open(`/tenants/${TENANT}/start?version=v1.36.4`);
  await agreeToMinor(page, "tenant-00");
  await sandbox.change(TENANT, { spec: { controlPlane: { deployment: { replicas: 2 } } } });
  const changed = await sandbox.tenant(TENANT);
  await startButton(page).click();
  await expect(page.getByRole("alert")).toContainText("Not started: the tenant had changed");
  await expect(page.getByRole("alert")).toContainText("The number of replicas: 3 → 2");
  expect((await sandbox.tenant(TENANT)).spec).toEqual(changed.spec);
});

test("without JavaScript one becomes another person, and comes back to the same page", async ({ page, open }) => {
  await open(`/tenants/${TENANT}?from=here`);
  await expect(page.getByRole("banner")).toContainText("owner@team-a, sees team-a, team-a-staging");
  await page.getByLabel("Look as").selectOption("platform-admin");
  await page.getByRole("button", { name: "Switch" }).click();
  await expect(page.getByRole("banner")).toContainText("platform-admin, sees all namespaces");
  await expect(page).toHaveURL(`/tenants/${TENANT}?from=here`);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Fleet" }).click();
  await expect(page.getByRole("link", { name: "warehouse", exact: true })).toBeVisible();
});
