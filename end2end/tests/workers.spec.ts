import { readFile } from "node:fs/promises";

import { expect, expectNoSidewaysScroll, hydrated, live, lookAs, test, type Page } from "./fixtures.js";
import { agreeToMinor, startButton } from "./pages.js";

test.use({ scenario: "workers" });

const WORKERS = "/tenants/team-a/tenant-00/workers";

const verdict = (page: Page) => page.getByRole("region", { name: /^The (tenant|control plane|nodes) / });
const row = (page: Page, node: string) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: node }) });
const milestones = (page: Page) =>
  page.getByRole("list", { name: "As the node reports it" }).getByRole("listitem").evaluateAll((items) =>
    items.map((item) => [...item.children].map((part) => part.textContent).join(": ")),
  );

test("three nodes go across one minor, ticked off by what they report, until the tenant is finished", async ({ page, open, sandbox, accessible }) => {
  await open(WORKERS);
  await live(page);
  await expect(verdict(page)).toContainText("The tenant is finished.");
  await expect(verdict(page).getByRole("status")).toHaveText("All 3 workers run v1.35.9.");
  await accessible();

  await page.getByRole("link", { name: "Start", exact: true }).click();
  await expect(page.getByRole("heading", { name: "v1.35.9 → v1.36.4 is the next minor. Nothing blocks it." })).toBeVisible();
  await agreeToMinor(page, "tenant-00");
  await startButton(page).click();
  await expect(page).toHaveURL("/tenants/team-a/tenant-00/rollout");
  await page.getByRole("link", { name: "Workers", exact: true }).click();
  await live(page);
  await expect(verdict(page)).toContainText("The control plane comes first.");
  await expect(page.getByRole("region", { name: "Before the first node" })).toContainText("Closed");
  await expect(page.getByRole("link", { name: "Upgrade worker-1 next" }), "no node may be touched yet").toHaveCount(0);
  await sandbox.advanceUntil("finished", () => sandbox.finished("team-a/tenant-00", "v1.36.4"));
  await expect(verdict(page)).toContainText("The control plane is finished, the workers are not.");
  // What Kamaji writes into the tenant is read again every ten seconds.
  await expect(page.getByText("Nothing holds the workers back: all gates are open")).toBeVisible({ timeout: 25_000 });
  await expect(verdict(page).getByRole("status")).toHaveText("0 of 3 workers run v1.36.4, are ready and take pods. The oldest kubelet is v1.35.9.");

  await page.getByRole("link", { name: "Upgrade worker-1 next" }).click();
  await expect(page.getByRole("heading", { name: "worker-1: v1.35.9 → v1.36.4" })).toBeVisible();
  const region = page.getByRole("region", { name: "worker-1: v1.35.9 → v1.36.4" });
  await expect(region).toContainText("It evicts one pod. Nothing stands against it.");
  await expect(page.locator("pre", { hasText: "kubeadm upgrade node" }).first()).toBeVisible();
  const [script] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Shell script" }).click()]);
  expect(script.suggestedFilename()).toBe("worker-1-runbook.sh");
  expect(await readFile(await script.path(), "utf8")).toMatch(/^#!\/bin\/sh\n[^]*set -eu/);
  await accessible();

  const steps = [
    ["Cordoned: done", "Drained: next", "New kubelet: later", "Ready: later", "Takes pods: later"],
    ["Cordoned: done", "Drained: done", "New kubelet: next", "Ready: later", "Takes pods: later"],
    ["Cordoned: done", "Drained: not seen", "New kubelet: done", "Ready: next", "Takes pods: later"],
    ["Cordoned: done", "Drained: not seen", "New kubelet: done", "Ready: done", "Takes pods: next"],
    ["Cordoned: not seen", "Drained: not seen", "New kubelet: done", "Ready: done", "Takes pods: done"],
  ];
  for (const expected of steps) {
    await sandbox.stepAtNode("team-a/tenant-00", "worker-1");
    await expect.poll(() => milestones(page)).toEqual(expected);
  }
  await expect(verdict(page).getByRole("status")).toHaveText(/^1 of 3 workers run v1.36.4/);
  await expect(row(page, "worker-1")).toContainText("none, it is done");
  await expect(page.getByRole("link", { name: "Upgrade worker-2 next" })).toBeVisible();

  for (const node of ["worker-2", "worker-3"]) {
    for (let step = 0; step < steps.length; step += 1) {
      await sandbox.stepAtNode("team-a/tenant-00", node);
    }
  }
  await expect(verdict(page)).toContainText("The tenant is finished.");
  await expect(verdict(page).getByRole("status")).toHaveText("All 3 workers run v1.36.4.");
  await expect(verdict(page).getByRole("link"), "nothing is left to do").toHaveCount(0);
});

test("what would block a drain is known before it starts", async ({ page, open }) => {
  await open("/tenants/team-a/troubled/workers");
  await page.getByRole("link", { name: "Look at it of worker-3" }).click();
  await expect(page.getByRole("region", { name: "worker-3:" })).toContainText("It evicts no pod. Nothing stands against it.");
  await expect(page.getByText("Talos", { exact: false }).first(), "an honest page of its own").toBeVisible();
  await expect(page.getByRole("link", { name: "Shell script" })).toHaveCount(0);
  await open("/tenants/team-a/troubled/workers?node=worker-1");
  const blocked = page.getByRole("region", { name: "worker-1:" }).getByRole("listitem").filter({ hasText: "Blocks" });
  await expect(blocked).toContainText("The budget shop/web allows no disruption now; the drain would wait for 1 pod.");
  await expect(blocked).toContainText("Add a replica");
});

test("a node three minors behind has three passes, and what stands before the first is cured by a patch", async ({ page, open, accessible }) => {
  await open("/tenants/team-a/stragglers/workers?node=worker-4");
  await expect(verdict(page).getByRole("status")).toContainText("1 of 4 workers run v1.35.9");
  await expect(verdict(page)).toContainText("Before the control plane takes 1.36, worker-4 must follow.");
  const gates = page.getByRole("region", { name: "Before the first node" });
  await expect(gates.getByRole("listitem").filter({ hasText: "Closed" })).toContainText("crashLoopBackOff");
  await expect(gates.locator("pre")).toContainText('"path": "/crashLoopBackOff"');
  await expect(row(page, "worker-4")).toContainText("3 minors behind, as far as it may be");
  await expect(row(page, "worker-4")).toContainText("1, 3 passes");
  const node = page.getByRole("region", { name: "worker-4: v1.32.13 → v1.35.9" });
  await expect(node).toContainText("It is 3 minors behind: the ways there are");
  for (const pass of ["Pass 1 of 3", "Pass 2 of 3", "Pass 3 of 3"]) {
    await expect(node).toContainText(pass);
  }
  const path = page.getByRole("region", { name: "The path further on" });
  await expect(path.getByRole("listitem").first()).toContainText("The node worker-4 goes in 3 passes to v1.35.9");
  await accessible();
  await page.setViewportSize({ width: 390, height: 800 });
  await expectNoSidewaysScroll(page);
});

test("who may not read the Secret gets the guide, and the reason", async ({ page, open, accessible }) => {
  await open("/tenants/team-a-staging/secretive/workers");
  await expect(page.getByRole("region", { name: "The nodes cannot be shown" })).toContainText('User "owner@team-a" cannot get resource "secrets"');
  await expect(page.getByText("console runbook --os debian --node NAME")).toBeVisible();
  await expect(page.getByRole("region", { name: "Nodes", exact: true })).toHaveCount(0);
  await accessible();
  await lookAs(page, "platform-admin");
  await expect(page.getByRole("region", { name: "Nodes", exact: true })).toBeVisible();
});

test("a tenant whose API refuses or hangs says so, and comes back by itself", async ({ page, open, sandbox }) => {
  await open("/tenants/team-a/hanging/workers");
  await expect(page.getByRole("region", { name: "The nodes are being read" })).toContainText("The nodes have not been listed yet.");
  await open("/tenants/team-a/refusing/workers");
  await live(page);
  await expect(page.getByRole("region", { name: "The nodes cannot be shown" })).toContainText("no endpoints available for the control plane");
  await sandbox.behaviour("team-a/refusing", { tenantApi: "answers" });
  await expect(verdict(page)).toContainText("The tenant is finished.", { timeout: 30_000 });
});

test("the list of nodes is searched and filtered by its address, with and without scripts", async ({ page, open, visitor }) => {
  await open("/tenants/team-a/stragglers/workers");
  await page.getByRole("searchbox", { name: "Search nodes" }).fill("batch");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByRole("rowheader")).toHaveText([/worker-3/, /worker-4/]);
  await page.getByRole("link", { name: /^Done/ }).click();
  await expect(page.getByText("No node matches")).toBeVisible();
  const other = await visitor({ javaScriptEnabled: false });
  await other.goto("/tenants/team-a/stragglers/workers?q=general&show=due&node=worker-2");
  await expect(other.getByRole("rowheader")).toHaveText([/worker-2/]);
  await expect(other.getByRole("heading", { name: "Runbook for Debian" })).toBeVisible();
  await other.getByRole("link", { name: "Close" }).click();
  await expect(other).toHaveURL("/tenants/team-a/stragglers/workers?q=general&show=due");
});

test.describe("through Cluster API", () => {
  test.use({ scenario: "cluster-api" });

  const section = (page: Page, version: string) => page.getByRole("region", { name: `To ${version} through Cluster API` });
  const steps = (page: Page, version: string) => section(page, version).getByRole("listitem");

  test("one field of a topology is changed, and everything follows", async ({ page, open, accessible }) => {
    await open("/tenants/team-a/managed/workers");
    await expect(section(page, "v1.36.4")).toContainText("Cluster managed has a managed topology");
    await expect(steps(page, "v1.36.4").first()).toContainText("Next.");
    await expect(section(page, "v1.36.4").locator("ins")).toHaveText(["v1.36.4"]);
    await page.getByText("As a patch, and with kubectl").click();
    await expect(page.getByRole("figure", { name: "As a merge patch of Cluster" })).toBeVisible();
    await expect(page.getByRole("img", { name: "MachineDeployment managed-general" })).toBeVisible();
    await accessible();
  });

  test("by hand it is the KamajiControlPlane first, then each MachineDeployment", async ({ page, open }) => {
    await open("/tenants/team-a/by-hand/workers");
    await expect(steps(page, "v1.36.4").nth(0)).toContainText("Next.");
    await expect(steps(page, "v1.36.4").nth(0)).toContainText("Change the version in KamajiControlPlane by-hand.");
    await expect(steps(page, "v1.36.4").nth(2)).toContainText("Waits. KamajiControlPlane by-hand has to reach v1.36.4 first.");
    await expect(page.locator("ins", { hasText: "by-hand-general-v1-36-4" })).toBeVisible();
  });

  test("an upgrade that is held says by what, and a refused version the way back", async ({ page, open, accessible }) => {
    await open("/tenants/team-a/held/workers");
    await expect(verdict(page).getByRole("status")).toContainText("3 of 6 workers run v1.36.4");
    await expect(steps(page, "v1.36.4").filter({ hasText: "Waits." })).toContainText("hold-upgrade-sequence");
    await page.getByText("The objects as they stood").click();
    const object = (name: string) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
    await expect(object("Cluster held")).toContainText("TopologyReconciled False (MachineDeploymentsUpgradeDeferred)");
    await expect(object("MachineDeployment held-batch")).toContainText("3 wanted: 3 there, 3 ready, 3 available, 3 up to date");
    await expect(object("Machine held-batch-v1-35-9-0")).toContainText("Running");
    await accessible();
    await open("/tenants/team-a/refused/workers");
    await expect(section(page, "v1.37.0")).toContainText("unable to upgrade to a version greater than the supported one (v1.36)");
    await page.setViewportSize({ width: 390, height: 800 });
    await expectNoSidewaysScroll(page);
  });
});

test("the page of the workers opens by its link, and by the keyboard", async ({ page, open }) => {
  await open("/tenants/team-a/stragglers");
  await page.getByRole("link", { name: "Workers", exact: true }).focus();
  await page.keyboard.press("Enter");
  await hydrated(page);
  await row(page, "worker-2").getByRole("link").focus();
  await page.keyboard.press("Enter");
  const heading = page.getByRole("heading", { name: "worker-2: v1.34.9 → v1.35.9" });
  await expect(heading).toBeFocused();
  await expect(heading).toBeInViewport();
});

test("what happens meanwhile does not take the keyboard away", async ({ page, open, sandbox }) => {
  await open("/tenants/team-a/stragglers/workers");
  await live(page);
  const link = row(page, "worker-2").getByRole("link");
  await link.focus();
  await sandbox.stepAtNode("team-a/stragglers", "worker-3");
  await expect(row(page, "worker-3")).toContainText("cordoned");
  await expect(link).toBeFocused();
});

test("five hundred nodes are looked through by page, search and turn", async ({ page, open, accessible, sandbox }) => {
  await open("/tenants/team-a/herd/workers");
  await live(page);
  await expect(verdict(page).getByRole("status")).toContainText("0 of 500 workers run v1.35.9");
  await expect(page.getByRole("rowheader")).toHaveCount(50);
  await expect(page.getByRole("navigation", { name: "Pages" })).toContainText("500 nodes, page 1 of 10");
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Next" }).click();
  await expect(page.getByRole("rowheader").first()).toContainText("worker-051");
  await page.getByRole("searchbox", { name: "Search nodes" }).fill("worker-499");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByRole("rowheader")).toHaveText([/worker-499/]);
  await sandbox.stepAtNode("team-a/herd", "worker-499");
  await expect(row(page, "worker-499"), "a change is seen among so many, too").toContainText("cordoned");
  await accessible();
});
