import { expect, expectNoSidewaysScroll, hydrated, live, lookAs, test, type Page } from "./fixtures.js";
import { agreeToMinor, startButton } from "./pages.js";

const TENANT = "team-a/tenant-00";
const CHOICE = `/tenants/${TENANT}/plan?version=v1.36.4&strategy=1%2F1`;
const HEADING = "Stored plan: v1.35.6 → v1.36.4 with strategy 1/1";

function stored(page: Page) {
  return page.getByRole("region", { name: HEADING });
}

function stale(page: Page) {
  return page.getByRole("alert").filter({ hasText: "Something has changed since this plan was made" });
}

test("a plan is stored, shared, goes stale, is renewed, and started", async ({ page, open, sandbox, accessible }) => {
  const narrow = async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
    await page.setViewportSize({ width: 1280, height: 900 });
  };

  await open(CHOICE);
  await expect(page.getByRole("region", { name: "Stored plans" })).toHaveCount(0);
  await page.getByRole("button", { name: "Store this plan" }).click();
  await expect(stored(page)).toContainText("made by owner@team-a");
  await expect(stored(page)).toContainText("Nothing has changed that it was made from.");
  await live(page);
  await accessible();
  await narrow();
  const address = page.url();
  expect(address).toContain("/plan?stored=tenant-00-v1-36-4-");

  // Time alone changes nothing: whoever opens the link later finds the same plan, and it holds.
  await sandbox.advance(7200);
  await lookAs(page, "platform-admin");
  await hydrated(page);
  expect(page.url()).toBe(address);
  await expect(stored(page)).toContainText("made by owner@team-a");
  await expect(stored(page).getByRole("link", { name: "Go on to the start" })).toBeVisible();
  await live(page);

  await sandbox.change(TENANT, { spec: { controlPlane: { deployment: { replicas: 2 } } } });
  await expect(stale(page)).toContainText("The number of replicas: 3 → 2.");
  await expect(page.getByRole("link", { name: "Go on to the start" })).toHaveCount(0);
  await sandbox.advanceUntil("two pods are left", async () => (await sandbox.versions(TENANT)).length === 2);
  await accessible();
  await narrow();

  await open("/?q=tenant-00");
  const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: "tenant-00", exact: true }) });
  await expect(row).toContainText("plan for v1.36.4, stale");
  await row.getByRole("link", { name: "plan for v1.36.4 of tenant-00" }).click();
  await expect(stale(page)).toBeVisible();

  await page.getByRole("button", { name: "Renew the plan" }).click();
  await expect(stale(page)).toHaveCount(0);
  await expect(stored(page)).toContainText("made by platform-admin");
  expect(page.url()).toBe(address);
  await page.getByRole("link", { name: "All plans of this tenant" }).click();
  const list = page.getByRole("region", { name: "Stored plans" });
  await expect(list).toContainText("current");
  await accessible();
  await narrow();
  await list.getByRole("link", { name: "v1.35.6 → v1.36.4 with strategy 1/1" }).click();

  await page.getByRole("link", { name: "Go on to the start" }).click();
  await expect(page.getByText("This starts the stored plan")).toBeVisible();
  await agreeToMinor(page, "tenant-00");
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${TENANT}/rollout`);
  expect((await sandbox.tenant(TENANT)).spec.kubernetes.version).toBe("v1.36.4");
  await open(address);
  await expect(stored(page)).toContainText("What it plans was written: v1.36.4 is wanted now.");
  await expect(page.getByRole("link", { name: "Go on to the start" })).toHaveCount(0);
});

test("what was found otherwise makes a plan stale too, though the tenant itself has not changed", async ({ page, open, sandbox, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 409/);
  await open(CHOICE);
  await page.getByRole("button", { name: "Store this plan" }).click();
  await expect(stored(page)).toContainText("Nothing has changed that it was made from.");
  const address = page.url();
  await page.getByRole("link", { name: "Go on to the start" }).click();
  await agreeToMinor(page, "tenant-00");

  // A neighbour on the same DataStore begins to surge, while the person reads.
  await sandbox.change("team-a/edge-gateway", { spec: { kubernetes: { version: "v1.35.7" } } });
  await sandbox.advanceUntil("six pods", async () => (await sandbox.versions("team-a/edge-gateway")).length === 6);
  await startButton(page).click();
  await expect(page.getByRole("alert").filter({ hasText: "The plan no longer holds" })).toContainText("DataStore default");
  expect((await sandbox.tenant(TENANT)).spec.kubernetes.version).toBe("v1.35.6");
  await open(address);
  await expect(stale(page)).toContainText("What is found: ");
});

test("without JavaScript a plan is stored, renewed and deleted by forms", async ({ visitor, sandbox, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 409/);
  const page = await visitor({ javaScriptEnabled: false });
  await page.goto(CHOICE);
  await page.getByRole("button", { name: "Store this plan" }).click();
  await expect(stored(page)).toContainText("Nothing has changed that it was made from.");
  await sandbox.change(TENANT, { spec: { controlPlane: { deployment: { replicas: 2 } } } });
  await sandbox.advanceUntil("two pods are left", async () => (await sandbox.versions(TENANT)).length === 2);

  // Somebody else renews it first: nothing is overwritten, and the page says so.
  await page.reload();
  await expect(stale(page)).toBeVisible();
  const other = await visitor({ javaScriptEnabled: false });
  await other.goto(page.url());
  await other.getByRole("button", { name: "Renew the plan" }).click();
  await expect(stored(other)).toContainText("Nothing has changed that it was made from.");
  await page.getByRole("button", { name: "Renew the plan" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "Not done" })).toContainText("It is no longer what you looked at.");
  await expect(stored(page)).toContainText("Nothing has changed that it was made from.");

  await page.getByText("Delete this plan").click();
  await page.getByRole("button", { name: /^Delete tenant-00-v1-36-4-/ }).click();
  await expect(page).toHaveURL(`/tenants/${TENANT}/plan`);
  await expect(page.getByRole("button", { name: "Store this plan" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Stored plans" })).toHaveCount(0);
});
