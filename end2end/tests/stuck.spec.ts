import { expect, live, test } from "./fixtures.js";
import { agreeToMinor, rolloutSentence, startButton } from "./pages.js";

const LEDGER = "team-a/ledger";

test("new pods that never get ready are named with the ways out, and the one that the console can take works", async ({
  page,
  open,
  sandbox,
}) => {
  await open(`/tenants/${LEDGER}/start?version=v1.36.2`);
  await agreeToMinor(page, "ledger");
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${LEDGER}/rollout`);
  await live(page);

  await sandbox.advance(660);
  const stuck = page.getByRole("region", { name: "What keeps it" });
  await expect(stuck.getByText("The rollout has made no progress within the Deployment's deadline.")).toBeVisible();
  await expect(stuck).toContainText("has timed out progressing");
  await expect(page.getByRole("listitem").filter({ hasText: "Rolling out, stuck" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Conditions of the Deployment" }).first()).toContainText("ProgressDeadlineExceeded");
  await expect(page.getByRole("region", { name: "Events" })).toContainText("Readiness probe failed");
  const exits = stuck.locator(".exits");
  await expect(exits).toContainText("Go on to another patch of");
  await expect(exits, "a minor has no way back").not.toContainText("Set the version back");

  await exits.getByRole("link").click();
  await expect(page).toHaveURL(new RegExp(`/tenants/${LEDGER}/start`));
  await page.getByLabel("Version", { exact: true }).selectOption("v1.36.4");
  await expect(page.getByRole("heading", { name: "v1.36.4" }).first()).not.toContainText("cannot be started");
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${LEDGER}/rollout`);
  await sandbox.advanceUntil("finished", () => sandbox.finished(LEDGER, "v1.36.4"));
  await expect(rolloutSentence(page)).toHaveText("v1.36.4 is installed and serves, and no older pod is left.");
});

test("inside one minor the way back is offered, and works", async ({ page, open, sandbox }) => {
  const tenant = "team-a/tenant-00";
  await sandbox.behaviour(tenant, { broken: [{ startsWith: "v1.35.9", fault: "crashLoop" }] });
  await open(`/tenants/${tenant}/start?version=v1.35.9`);
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${tenant}/rollout`);
  await live(page);
  await sandbox.advance(120);
  const stuck = page.getByRole("region", { name: "What keeps it" });
  await expect(stuck.getByText("A container of 3 pods dies again and again.")).toBeVisible();

  await stuck.getByRole("link", { name: "Prepare v1.35.6" }).click();
  await expect(page).toHaveURL(`/tenants/${tenant}/start?version=v1.35.6`);
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${tenant}/rollout`);
  await sandbox.advanceUntil("finished", () => sandbox.finished(tenant, "v1.35.6"));
  await expect(rolloutSentence(page)).toContainText("v1.35.6");
  await expect(stuck).toHaveCount(0);
});

test("a strategy that Kamaji took and the Deployment refuses is named, and a valid one can be written", async ({
  page,
  open,
  sandbox,
}) => {
  const tenant = "team-a/tenant-00";
  await sandbox.change(tenant, {
    spec: {
      kubernetes: { version: "v1.36.4" },
      controlPlane: { deployment: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } } },
    },
  });
  await sandbox.advance(60);
  await open(`/tenants/${tenant}/rollout`);
  const stuck = page.getByRole("region", { name: "What keeps it" });
  await expect(stuck).toContainText("Kamaji's API took the strategy, the Deployment refuses it");
  await stuck.getByRole("link", { name: "Prepare the strategy 100%/0" }).click();
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${tenant}/rollout`);
  await sandbox.advanceUntil("finished", () => sandbox.finished(tenant, "v1.36.4"));
  await expect(rolloutSentence(page)).toHaveText("v1.36.4 is installed and serves, and no older pod is left.");
});

test("a tenant whose API server does not answer waits at Kamaji's gate, and goes on when it answers", async ({
  page,
  open,
  sandbox,
}) => {
  const tenant = "team-a/tenant-00";
  await sandbox.behaviour(tenant, { tenantApi: "refuses" });
  await sandbox.change(tenant, { spec: { kubernetes: { version: "v1.35.9" } } });
  await open(`/tenants/${tenant}/rollout`);
  await live(page);
  await sandbox.advance(70);
  const stuck = page.getByRole("region", { name: "What keeps it" });
  await expect(stuck).toContainText("most likely the tenant's API server does not answer it");
  await expect(stuck).toContainText("Bring the tenant's API server back");
  await sandbox.behaviour(tenant, {});
  await sandbox.advanceUntil("finished", () => sandbox.finished(tenant, "v1.35.9"));
  await expect(rolloutSentence(page)).toHaveText("v1.35.9 is installed and serves, and no older pod is left.");
});

test.describe("on nodes without room", () => {
  test.use({ scenario: "full" });

  test("pods that no node takes are named, with who can make room", async ({ page, open, sandbox }) => {
    const tenant = "team-a/tenant-00";
    await sandbox.change(tenant, { spec: { kubernetes: { version: "v1.36.4" } } });
    await open(`/tenants/${tenant}/rollout`);
    await live(page);
    await sandbox.advance(60);
    const stuck = page.getByRole("region", { name: "What keeps it" });
    await expect(stuck).toContainText("No node takes 3 pods.");
    await expect(stuck.locator(".exits > li").filter({ hasText: "Make room on the nodes" })).toContainText(
      "Only an administrator of the management cluster can do this.",
    );
    await stuck.getByRole("link", { name: "Prepare the strategy in place" }).click();
    await startButton(page).click();
    await expect(page).toHaveURL(`/tenants/${tenant}/rollout`);
    await sandbox.advanceUntil("finished", () => sandbox.finished(tenant, "v1.36.4"));
    await expect(rolloutSentence(page)).toHaveText("v1.36.4 is installed and serves, and no older pod is left.");
  });
});

test.describe("under a quota", () => {
  test.use({ scenario: "quota" });

  test("a quota that refuses pods is named", async ({ page, open, sandbox }) => {
    const tenant = "team-a/tenant-00";
    await sandbox.change(tenant, { spec: { kubernetes: { version: "v1.36.4" } } });
    await open(`/tenants/${tenant}/rollout`);
    await live(page);
    await sandbox.advance(60);
    const stuck = page.getByRole("region", { name: "What keeps it" });
    await expect(stuck).toContainText("A quota refuses new pods.");
    await expect(stuck).toContainText("exceeded quota: pods");
    await expect(stuck).toContainText("Raise the quota of the namespace.");
  });
});
