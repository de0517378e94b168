import { Console } from "./console.js";
import { expect, hydrated, live, test } from "./fixtures.js";
import { rolloutSentence } from "./pages.js";

const TENANT = "team-a/tenant-00";

test("a console that was killed during a rollout shows the same truth after its start, and the gap", async ({ page, sandbox, complaints }, testInfo) => {
  complaints.expect(/net::ERR_CONNECTION_REFUSED|net::ERR_INCOMPLETE_CHUNKED_ENCODING|status of 503/);
  // A console on a kubeconfig takes the time from this machine, so the world must not live in its future.
  await sandbox.startAt(new Date(Date.now() - 600_000));
  const cluster = ["--kubeconfig", testInfo.outputPath("kubeconfig"), "--context", "platform-admin"];
  const first = await Console.serve(cluster);
  await first.ready();
  await page.goto(`${first.url}/tenants/${TENANT}/rollout`);
  await hydrated(page);
  await live(page);
  await sandbox.change(TENANT, { spec: { kubernetes: { version: "v1.36.4" } } });
  await sandbox.advanceUntil("six pods", async () => (await sandbox.versions(TENANT)).length === 6);
  await expect(rolloutSentence(page)).toContainText("0 of 3 new API servers serve v1.36.4");

  await first.kill();
  await expect(page.locator(".live-line")).toHaveText(/^connection lost, trying again; last update/);
  await expect(rolloutSentence(page), "what was last seen stays").toContainText("0 of 3 new API servers serve v1.36.4");
  const news = async () => (await sandbox.serving(TENANT)).filter((version) => version === "v1.36.4").length;
  await sandbox.advanceUntil("all new API servers serve", async () => (await news()) === 3);
  await sandbox.advance(2);

  const second = await Console.serve([...cluster, "--listen", new URL(first.url).host]);
  try {
    await expect(rolloutSentence(page), "the open page goes on by itself").toContainText("v1.36.4 is installed and serves", {
      timeout: 20_000,
    });
    await page.reload();
    await expect(page.getByText("its beginning was not observed")).toBeVisible();
    await expect(page.getByText(/^Nothing was observed for .* of it/)).toBeVisible();
    await expect(page.locator(".chart__gap").first()).toBeVisible();
    await hydrated(page);
    await live(page);
    await sandbox.advanceUntil("finished", () => sandbox.finished(TENANT, "v1.36.4"));
    await expect(rolloutSentence(page)).toHaveText("v1.36.4 is installed and serves, and no older pod is left.");
  } finally {
    await second.stop();
  }
});

test("the console stops within seconds with pages open", async ({ page, complaints }, testInfo) => {
  complaints.expect(/net::ERR_/);
  const console = await Console.serve(["--sandbox", "--sandbox-clock", "manual", "--scenario", "single"]);
  await console.ready();
  await page.goto(`${console.url}/tenants/${TENANT}/rollout`);
  await live(page);
  await console.stop();
  expect(testInfo.errors).toEqual([]);
});
