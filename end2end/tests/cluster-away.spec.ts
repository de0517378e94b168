import { clusterOf, Console } from "./console.js";
import { expect, hydrated, live, test } from "./fixtures.js";
import { agreeToMinor, rolloutSentence, startButton } from "./pages.js";

const TENANT = "team-a/tenant-00";

test.describe("away at the start", () => {
  test("the console starts, says that the API server is away, and shows the fleet when it comes", async ({ page, sandbox, complaints }, testInfo) => {
    complaints.expect(/Failed to load resource: the server responded with a status of 50/);
    await sandbox.faults({ status: 500 });
    const late = await Console.serve(["--kubeconfig", testInfo.outputPath("kubeconfig"), "--context", "platform-admin"]);
    try {
      await expect(async () => {
        const response = await page.goto(late.url);
        expect(response?.status()).toBe(502);
      }).toPass();
      await expect(page.getByRole("heading", { level: 1, name: "The management cluster cannot be reached" })).toBeVisible();
      await expect(page.getByText(/a fault set in the sandbox/)).toBeVisible();
      await expect(page.getByText("The console keeps trying")).toBeVisible();
      expect((await page.request.get(`${late.url}/healthz`)).status()).toBe(200);
      expect((await page.request.get(`${late.url}/readyz`)).status()).toBe(503);
      await sandbox.faults();
      await expect(async () => {
        const response = await page.goto(late.url);
        expect(response?.status()).toBe(200);
        await expect(page.getByRole("link", { name: "warehouse", exact: true })).toBeVisible({ timeout: 500 });
      }).toPass({ timeout: 20_000 });
    } finally {
      await late.stop();
    }
  });

  test("the console starts while the API server hangs, and says so", async ({ page, sandbox, complaints }, testInfo) => {
    complaints.expect(/Failed to load resource: the server responded with a status of 503/);
    await sandbox.faults({ hang: true });
    const late = await Console.serve(["--kubeconfig", testInfo.outputPath("kubeconfig"), "--context", "platform-admin"]);
    try {
      const response = await page.goto(late.url);
      expect(response?.status()).toBe(503);
      await expect(page.getByRole("heading", { level: 1, name: "The console is starting" })).toBeVisible();
      await expect(page.getByText("Reload this page in a few seconds.")).toBeVisible();
    } finally {
      await late.stop();
    }
    await sandbox.faults();
  });
});

test("away in the middle: what was seen stays, is said to be old, and goes on by itself", async ({ page, open, sandbox }) => {
  await sandbox.change(TENANT, { spec: { kubernetes: { version: "v1.36.4" } } });
  await open(`/tenants/${TENANT}/rollout`);
  await live(page);
  await sandbox.advanceUntil("six pods", async () => (await sandbox.versions(TENANT)).length === 6);
  await expect(rolloutSentence(page)).toContainText("0 of 3 new API servers serve v1.36.4");

  await sandbox.faults({ status: 500, dropWatches: true });
  await expect(page.getByText("This may be out of date")).toBeVisible();
  await expect(rolloutSentence(page)).toContainText("0 of 3 new API servers serve v1.36.4");
  await sandbox.advance(40);
  await sandbox.faults();
  await expect(page.getByText("This may be out of date")).toHaveCount(0, { timeout: 20_000 });
  await sandbox.advanceUntil("finished", () => sandbox.finished(TENANT, "v1.36.4"));
  await expect(rolloutSentence(page)).toHaveText("v1.36.4 is installed and serves, and no older pod is left.");
  await expect(page.getByText(/^Nothing was observed for .* of it/)).toBeVisible();
});

test("away at the start of an upgrade: nothing is written, and it can be tried again", async ({ page, open, sandbox, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 502/);
  await open(`/tenants/${TENANT}/start?version=v1.36.4`);
  await agreeToMinor(page, "tenant-00");
  await sandbox.faults({ status: 500 });
  await startButton(page).click();
  await expect(page.getByRole("alert").filter({ hasText: "The management cluster cannot be reached" })).toBeVisible();
  expect((await sandbox.written())).toEqual([]);
  await sandbox.faults();
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${TENANT}/rollout`);
});

test("hanging at the start of an upgrade: that it did not answer is said in time", async ({ page, open, sandbox, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 504/);
  await open(`/tenants/${TENANT}/start?version=v1.36.4`);
  await agreeToMinor(page, "tenant-00");
  await sandbox.faults({ hang: true });
  await startButton(page).click();
  await expect(page.getByRole("button", { name: "Starting …" })).toBeDisabled();
  const alert = page.getByRole("alert").filter({ hasText: "The management cluster does not answer" });
  await expect(alert).toBeVisible({ timeout: 15_000 });
  await sandbox.faults();
});

test("a kind that may not be read is said so on its part, and the rest works", async ({ page, sandbox, complaints }, testInfo) => {
  complaints.expect(/Failed to load resource/);
  await sandbox.faults({ deny: ["pods", "events"] });
  const console = await Console.serve(["--kubeconfig", testInfo.outputPath("kubeconfig"), "--context", "platform-admin"]);
  try {
    await expect(async () => {
      const response = await page.goto(`${console.url}/tenants/${TENANT}/rollout`);
      expect(response?.status()).toBe(200);
      await expect(page.getByRole("region", { name: "Pods" })).toContainText("The management cluster does not show pods to the console", { timeout: 500 });
    }).toPass();
    await hydrated(page);
    await expect(page.getByRole("region", { name: "Pods" })).toContainText("pods is forbidden");
    await expect(page.getByRole("region", { name: "Events" })).toContainText("events is forbidden");
    await expect(page.getByRole("region", { name: "Conditions of the Deployment" }).first()).toContainText("MinimumReplicasAvailable");
    await page.getByRole("link", { name: "Start", exact: true }).click();
    await expect(page.getByText("Everything that speaks")).toHaveCount(0);
    await expect(page.getByRole("region", { name: "What the management cluster says to it" })).toContainText("would take this change");
  } finally {
    await console.stop();
  }
});

test("a person who may not write is told so in the words of the API server", async ({ page, sandbox, complaints }, testInfo) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 403/);
  // The sandbox's console account may read all and patch for dry runs only.
  const { mkdir, readFile, writeFile } = await import("node:fs/promises");
  const config = JSON.parse(await readFile(testInfo.outputPath("kubeconfig"), "utf8")) as { users: { name: string; user: object }[] };
  for (const user of config.users) {
    user.user = { as: "auditor", "as-groups": ["auditors"] };
  }
  await mkdir(testInfo.outputPath("auditor"));
  await writeFile(testInfo.outputPath("auditor", "kubeconfig"), JSON.stringify(config));
  expect(await clusterOf(testInfo.outputPath("auditor", "kubeconfig"))).toBe(sandbox.url);
  const console = await Console.serve(["--kubeconfig", testInfo.outputPath("auditor", "kubeconfig")]);
  try {
    await expect.poll(async () => (await page.request.get(console.url)).status()).toBe(403);
    await page.goto(console.url);
    await expect(page.getByRole("heading", { level: 1, name: "The tenants may not be listed" })).toBeVisible();
    await expect(page.getByText(/User "auditor" cannot list resource "tenantcontrolplanes"/)).toBeVisible();
  } finally {
    await console.stop();
  }
});

test("a webhook that cannot be asked stops the start in the API server's own words", async ({ page, open, sandbox, complaints }) => {
  complaints.expect(/Failed to load resource: the server responded with a status of 502/);
  await open(`/tenants/${TENANT}/start?version=v1.36.4`);
  await agreeToMinor(page, "tenant-00");
  await sandbox.faults({ webhookDown: true });
  await startButton(page).click();
  await expect(page.getByRole("alert").filter({ hasText: "failed calling webhook" })).toBeVisible();
  expect(await sandbox.written()).toEqual([]);
});

test("a refusal of Kamaji's webhook is shown in its own words", async ({ page, open }) => {
  await open(`/tenants/${TENANT}/start?version=v1.37.0`);
  await expect(page.getByRole("region", { name: "What the management cluster says to it" })).toContainText(
    /admission webhook .* denied the request: unable to upgrade to a version greater than the supported one \(v1\.36\)/,
  );
});

test("expired watches are taken up again without anybody noticing", async ({ page, open, sandbox }) => {
  await open(`/tenants/${TENANT}/rollout`);
  await live(page);
  await sandbox.faults({ expireWatches: true, dropWatches: true });
  await sandbox.observed();
  await sandbox.change(TENANT, { spec: { kubernetes: { version: "v1.35.9" } } });
  await sandbox.advanceUntil("finished", () => sandbox.finished(TENANT, "v1.35.9"));
  await expect(rolloutSentence(page)).toHaveText("v1.35.9 is installed and serves, and no older pod is left.");
});

test("as the platform team the whole fleet is there through a kubeconfig, without a sandbox banner", async ({ page, sandbox }, testInfo) => {
  const console = await Console.serve(["--kubeconfig", testInfo.outputPath("kubeconfig"), "--context", "platform-admin"]);
  try {
    await console.ready();
    await page.goto(console.url);
    await expect(page.getByRole("link", { name: "warehouse", exact: true })).toBeVisible();
    await hydrated(page);
    await expect(page.getByRole("banner")).toContainText("platform-admin, sees all namespaces");
    await expect(page.getByRole("banner")).toContainText("context platform-admin");
    await expect(page.getByText("Sandbox data")).toHaveCount(0);
    expect(sandbox.url).toContain("127.0.0.1");
  } finally {
    await console.stop();
  }
});
