import { expect, live, test } from "./fixtures.js";
import { agreeToMinor, answerForKubelets, chooseStrategy, rolloutSentence, startButton } from "./pages.js";

const TENANT = "team-a/tenant-00";

test("a tenant owner upgrades a minor by Blue/Green and follows it to its end", async ({ page, open, sandbox }) => {
  await open("/");
  await page.getByRole("link", { name: "tenant-00", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "tenant-00" })).toBeVisible();
  await page.getByRole("link", { name: "Upgrade to v1.36.4" }).click();
  await chooseStrategy(page, "100%/0");
  await expect(page).toHaveURL(/strategy=100%25%2F0/);
  await expect(page.getByRole("heading", { name: "v1.35.6 → v1.36.4 is the next minor. Nothing blocks it." })).toBeVisible();
  await expect(page.getByText("The API server and Kamaji would take this change.")).toBeVisible();
  await agreeToMinor(page, "tenant-00");
  await page.getByRole("button", { name: "Upgrade tenant-00 to v1.36.4" }).click();

  await expect(page).toHaveURL(`/tenants/${TENANT}/rollout`);
  await live(page);
  const [write, ...more] = await sandbox.written();
  expect(more, "one write is enough").toEqual([]);
  expect(write).toMatchObject({ user: "owner@team-a", fieldManager: "tenant-upgrade-console" });

  const sentence = rolloutSentence(page);
  await sandbox.advanceUntil("six pods", async () => (await sandbox.versions(TENANT)).length === 6);
  await expect(sentence).toHaveText("0 of 3 new API servers serve v1.36.4; of the older version 3 still serve.");
  const pods = page.getByRole("region", { name: "Pods" });
  await expect(pods).toContainText("3 of 3 serve: 3 old, 0 new; 3 starting, 0 terminating");

  const news = async () => (await sandbox.serving(TENANT)).filter((version) => version === "v1.36.4").length;
  await sandbox.advanceUntil("a first new API server serves", async () => (await news()) >= 1);
  await expect(sentence).toContainText("new API servers serve v1.36.4");
  await sandbox.advanceUntil("all new API servers serve", async () => (await news()) === 3);
  await sandbox.advance(2);
  await expect(sentence).toHaveText("v1.36.4 is installed and serves; 3 pods of an older version are still ending.");
  await expect(page.getByRole("listitem").filter({ hasText: "Settled, now" })).toBeVisible();

  await sandbox.advanceUntil("finished", () => sandbox.finished(TENANT, "v1.36.4"));
  await expect(sentence).toHaveText("v1.36.4 is installed and serves, and no older pod is left.");
  await expect(page.getByRole("listitem").filter({ hasText: "Finished, done" })).toBeVisible();
  const film = page.getByRole("region", { name: "The rollout, and what was expected" });
  await expect(film.getByRole("img", { name: "v1.35.6 → v1.36.4" })).toHaveAccessibleDescription(/At most 6 pods are alive at once\. Never fewer than 3 serving\./);

  await page.getByRole("link", { name: "Overview and versions" }).click();
  await expect(page.getByText("No other version may come next.").or(page.getByText("tenant-00 runs v1.36.4"))).toBeVisible();
});

test("a tenant owner upgrades by 1/1, and the former strategy can be put back", async ({ page, open, sandbox }) => {
  await open(`/tenants/${TENANT}/start?version=v1.35.9&strategy=1%2F1`);
  await expect(page.getByRole("heading", { name: "v1.35.6 → v1.35.9 is a patch. Nothing blocks it." })).toBeVisible();
  const diff = page.getByRole("region", { name: "is a patch" });
  await expect(diff.locator("ins")).toHaveText(["v1.35.9", /"maxSurge":1,"maxUnavailable":1/, /"maxSurge":"100%"/]);
  await expect(page.getByLabel("Type the name of the tenant to confirm"), "a patch needs no typed name").toHaveCount(0);
  await startButton(page).click();

  await expect(page).toHaveURL(`/tenants/${TENANT}/rollout`);
  await live(page);
  expect((await sandbox.tenant(TENANT)).spec.controlPlane.deployment.strategy).toEqual({
    type: "RollingUpdate",
    rollingUpdate: { maxSurge: 1, maxUnavailable: 1 },
  });
  await expect(page.getByRole("button", { name: "Restore the former strategy" })).toBeDisabled();

  let lowest = 3;
  await sandbox.advanceUntil("finished", async () => {
    lowest = Math.min(lowest, (await sandbox.serving(TENANT)).length);
    return sandbox.finished(TENANT, "v1.35.9");
  });
  expect(lowest, "1/1 takes one of three away at a time").toBe(2);
  await expect(rolloutSentence(page)).toHaveText("v1.35.9 is installed and serves, and no older pod is left.");
  await expect(page.getByRole("img", { name: "v1.35.6 → v1.35.9" })).toHaveAccessibleDescription(/Never fewer than 2 serving\./);

  await page.getByRole("button", { name: "Restore the former strategy" }).click();
  await expect(page.getByRole("button", { name: "Restore the former strategy" })).toHaveCount(0);
  expect((await sandbox.tenant(TENANT)).spec.controlPlane.deployment.strategy).toEqual({
    type: "RollingUpdate",
    rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 },
  });
});

test("with konnectivity a minor is two changes, three ReplicaSets and nine pods", async ({ page, open, sandbox }) => {
  const tenant = "team-a/edge-gateway";
  await open(`/tenants/${tenant}/start?version=v1.36.4`);
  await expect(page.getByText(/With konnectivity a minor changes the Deployment twice/)).toBeVisible();
  await agreeToMinor(page, "edge-gateway");
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${tenant}/rollout`);
  await live(page);
  await sandbox.advanceUntil("nine pods", async () => (await sandbox.versions(tenant)).length === 9, 30);
  await expect(page.getByRole("region", { name: "Pods" }).locator(".pod-rows > li")).toHaveCount(3);
  await sandbox.advanceUntil("finished", () => sandbox.finished(tenant, "v1.36.4"));
  await expect(rolloutSentence(page)).toHaveText("v1.36.4 is installed and serves, and no older pod is left.");
});

test("a sleeping tenant takes a version at once, with no rollout to watch", async ({ page, open, sandbox }) => {
  const tenant = "team-a/night-batch";
  await open(`/tenants/${tenant}/start?version=v1.36.4`);
  await expect(page.getByText("It sleeps (0 replicas): the version is recorded at once, and the first wake-up starts it.")).toBeVisible();
  await answerForKubelets(page);
  await agreeToMinor(page, "night-batch");
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${tenant}/rollout`);
  await live(page);
  await sandbox.advance(30);
  await expect(rolloutSentence(page)).toHaveText("It sleeps with 0 replicas; the next wake-up starts v1.36.4.");
});
