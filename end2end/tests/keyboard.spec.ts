import { expect, test, type Page } from "./fixtures.js";

/** Presses Tab until this has the focus; a keyboard must reach it, and not after a detour. */
async function tabTo(page: Page, role: Parameters<Page["getByRole"]>[0], name: string | RegExp): Promise<void> {
  const wanted = page.getByRole(role, { name }).first();
  await expect(wanted).toBeVisible();
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    if (await wanted.evaluate((element) => element === document.activeElement)) {
      const ring = await wanted.evaluate((element) => getComputedStyle(element).outlineStyle);
      expect(ring, `the focus on ${name} can be seen`).not.toBe("none");
      return;
    }
  }
  throw new Error(`Tab does not reach ${role} ${name}`);
}

test("from the fleet to a started upgrade by keyboard alone", async ({ page, open, sandbox }) => {
  await open("/");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await tabTo(page, "searchbox", "Search");
  await page.keyboard.type("tenant-00");
  await expect(page).toHaveURL("/?q=tenant-00");
  await expect(page.getByRole("searchbox", { name: "Search" }), "typing does not lose the focus").toBeFocused();

  await tabTo(page, "link", "tenant-00");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/tenants/team-a/tenant-00");
  await expect(page.getByRole("main"), "after a link the focus is in the new page").toBeFocused();
  await tabTo(page, "link", "Upgrade to v1.36.4");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/start/);

  await tabTo(page, "combobox", "Version");
  await page.keyboard.press("ArrowDown");
  await expect(page).toHaveURL(/version=v1\.36\.3/);
  await tabTo(page, "radio", /^As declared now/);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await expect(page).toHaveURL(/strategy=1%2F1/);
  await expect(page.getByRole("radio", { name: /^Rolling/ }), "a choice keeps the focus").toBeFocused();

  await tabTo(page, "textbox", /^Type the name of the tenant to confirm/);
  await page.keyboard.type("tenant-00");
  await page.keyboard.press("Enter");

  await expect(page).toHaveURL("/tenants/team-a/tenant-00/rollout");
  expect((await sandbox.tenant("team-a/tenant-00")).spec).toMatchObject({
    kubernetes: { version: "v1.36.3" },
    controlPlane: { deployment: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } } },
  });
});

test("the table of a chart opens by keyboard", async ({ page, open }) => {
  await open("/lab");
  const summary = page.getByText("Show as table").first();
  await summary.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: /^Pods over time/ }).first()).toBeVisible();
});
