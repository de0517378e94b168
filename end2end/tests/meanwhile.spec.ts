import { expect, hydrated, live, test } from "./fixtures.js";
import { agreeToMinor, startButton } from "./pages.js";

const TENANT = "team-a/tenant-00";
const START = `/tenants/${TENANT}/start?version=v1.36.4`;

test("a change between page and start is shown, and nothing is written", async ({ page, open, sandbox }) => {
  await open(START);
  await live(page);
  await agreeToMinor(page, "tenant-00");
  await sandbox.change(TENANT, { spec: { controlPlane: { deployment: { replicas: 2 } } } });
  const alert = page.getByRole("alert").filter({ hasText: "The tenant changed while you were reading" });
  await expect(alert).toContainText("The number of replicas: 3 → 2");
  await expect(startButton(page)).toBeDisabled();
  await expect(page.getByLabel("Type the name of the tenant to confirm"), "what was typed stays").toHaveValue("tenant-00");
  expect((await sandbox.tenant(TENANT)).spec.kubernetes.version).toBe("v1.35.6");

  await sandbox.advance(120);
  await page.getByRole("link", { name: "Reload the page" }).click();
  await hydrated(page);
  await expect(startButton(page)).toBeEnabled();
});

test("a change that the page has not heard of stops the start all the same", async ({ page, open, sandbox, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 409/);
  await open(START);
  await live(page);
  await agreeToMinor(page, "tenant-00");
  await page.context().route("**/live/**", (route) => route.abort());
  const answer = page.waitForResponse(/\/api\/start_hop/);
  await page.route("**/api/start_hop*", async (route) => {
    await sandbox.change(TENANT, { spec: { controlPlane: { deployment: { replicas: 4 } } } });
    await route.continue();
  });
  await startButton(page).click();
  expect((await answer).status()).toBe(409);
  const alert = page.getByRole("alert").filter({ hasText: "The tenant has changed" });
  await expect(alert).toContainText("the number of replicas: 3 → 4");
  await expect(alert).toContainText("Nothing was written.");
  expect((await sandbox.tenant(TENANT)).spec.kubernetes.version).toBe("v1.35.6");
});

test("status noise does not disturb a person who reads", async ({ page, open, sandbox }) => {
  await open(START);
  await live(page);
  await agreeToMinor(page, "tenant-00");
  const before = await sandbox.tenant(TENANT);
  for (let round = 0; round < 20; round += 1) {
    await sandbox.changeStatus(TENANT, { kubeadmconfig: { checksum: `${round}` } });
  }
  const after = await sandbox.tenant(TENANT);
  expect(after.metadata.resourceVersion).not.toBe(before.metadata.resourceVersion);
  expect(after.metadata.generation).toBe(before.metadata.generation);
  await sandbox.advance(5);
  await expect(page.getByRole("alert").filter({ hasText: "changed" })).toHaveCount(0);
  await expect(page.getByLabel("Type the name of the tenant to confirm")).toHaveValue("tenant-00");
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${TENANT}/rollout`);
  expect((await sandbox.tenant(TENANT)).spec.kubernetes.version).toBe("v1.36.4");
});

test("a conflict at the write is tried again, since what was agreed to still holds", async ({ page, open, sandbox }) => {
  await open(START);
  await agreeToMinor(page, "tenant-00");
  await sandbox.faults({ conflictOnce: true });
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${TENANT}/rollout`);
  expect(await sandbox.written()).toHaveLength(1);
});

test("of two browsers that start at once, one starts and the other is told what changed", async ({ page, visitor, complaints, sandbox }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 409/);
  complaints.expect(/net::ERR_FAILED .*\/live\//);
  const other = await visitor();
  // Neither page hears of the other: both believe that nothing has changed when they send.
  let sent = 0;
  let release: () => void = () => undefined;
  const both = new Promise<void>((resolve) => (release = resolve));
  for (const [browser, version] of [[page, "v1.36.4"], [other, "v1.36.3"]] as const) {
    await browser.route("**/live/**", (route) => route.abort());
    await browser.route("**/api/start_hop*", async (route) => {
      sent += 1;
      if (sent === 2) {
        release();
      }
      await both;
      await route.continue();
    });
    await browser.goto(`/tenants/${TENANT}/start?version=${version}`);
    await hydrated(browser);
    await agreeToMinor(browser, "tenant-00");
  }
  const answers = Promise.all([page, other].map((browser) => browser.waitForResponse(/\/api\/start_hop/)));
  await Promise.all([startButton(page).click(), startButton(other).click()]);
  const statuses = (await answers).map((answer) => answer.status()).sort();
  expect(statuses).toEqual([200, 409]);
  expect(await sandbox.written()).toHaveLength(1);
  const wanted = (await sandbox.tenant(TENANT)).spec.kubernetes.version;
  const [winner, loser] = wanted === "v1.36.4" ? [page, other] : [other, page];
  await expect(winner).toHaveURL(`/tenants/${TENANT}/rollout`);
  await expect(loser.getByRole("alert").filter({ hasText: "The tenant has changed" })).toContainText(
    `the wanted version: v1.35.6 → ${wanted}`,
  );
});
