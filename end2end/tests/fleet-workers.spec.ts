import { expect, live, test } from "./fixtures.js";

const STRAGGLERS = "team-a/stragglers";
const WANTED = "v1.35.9";
/** The next look comes 30 s after the last one was answered, and one that hangs takes 4 s. */
const NEXT_LOOK = { timeout: 45_000 };

test.use({ scenario: "workers" });

test("the fleet says how far the workers are, and that they are done at the next look", async ({ page, open, sandbox, accessible }) => {
  test.setTimeout(120_000);
  await open("/");
  const left = (tenant: string) =>
    page.getByRole("row").filter({ has: page.getByRole("link", { name: tenant, exact: true }) }).locator(".fleet-workers");
  await expect(left("stragglers")).toHaveText("control plane finished, workers 1 of 4");
  await expect(left("hanging")).toHaveText("workers not known");
  await expect(left("refusing")).toHaveText("workers not known");
  // Nothing is left at one, and of the other nothing may be read: neither makes noise.
  await expect(left("tenant-00")).toHaveCount(0);
  await expect(left("secretive")).toHaveCount(0);
  await live(page);
  await accessible();

  for (const node of ["worker-2", "worker-3", "worker-4"]) {
    await sandbox.upgradeWorker(STRAGGLERS, node, WANTED);
  }
  await expect(left("stragglers")).toHaveCount(0, NEXT_LOOK);
  await expect(left("hanging")).toHaveText("workers not known");
});

test("a row moves by no more than a line when the workers come", async ({ page, open }) => {
  // The answer is held back until the row was measured without it.
  let measured = () => {};
  const rowIsMeasured = new Promise<void>((resolve) => (measured = resolve));
  await page.route("**/api/fleet_workers", async (route) => {
    await rowIsMeasured;
    await route.continue();
  });
  await open("/");
  const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: "stragglers", exact: true }) });
  const height = async () => (await row.boundingBox())?.height ?? 0;
  const before = await height();
  measured();
  const said = row.getByText("control plane finished, workers 1 of 4");
  await expect(said).toBeVisible();
  const line = await said.evaluate((text) => parseFloat(getComputedStyle(text).lineHeight));
  expect((await height()) - before).toBeLessThanOrEqual(line + 4);
});

test("a tenant that hangs does not hold up the fleet", async ({ visitor }) => {
  const page = await visitor({ javaScriptEnabled: false });
  const began = Date.now();
  await page.goto("/");
  await expect(page.getByRole("link", { name: "hanging", exact: true })).toBeVisible();
  expect(Date.now() - began, "a look at it takes 4 s").toBeLessThan(4_000);
  await expect(page.getByText("workers not known"), "without scripts the tenant’s own page tells").toHaveCount(0);
});
