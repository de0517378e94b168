import { copyFile, mkdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { expect, hydrated, live, test, type Page } from "./fixtures.js";
import { rolloutSentence } from "./pages.js";
import type { Sandbox } from "./sandbox.js";

const TENANT = "team-a/tenant-00";
const PICTURES = fileURLToPath(new URL("../../docs/pictures", import.meta.url));

/** The README shows them, so they must stay small (bytes). */
const LARGEST = 200_000;

interface Picture {
  name: string;
  path: string;
  height?: number;
  then?: (page: Page, sandbox: Sandbox) => Promise<void>;
}

const PAGES: Picture[] = [
  { name: "fleet", path: "/" },
  { name: "tenant", path: `/tenants/${TENANT}` },
  { name: "lab", path: `/tenants/${TENANT}/lab`, height: 1100 },
  { name: "plan", path: `/tenants/${TENANT}/plan?version=v1.36.4&strategy=1%2F1` },
  { name: "start", path: `/tenants/${TENANT}/start?version=v1.36.4&strategy=1%2F1` },
  {
    name: "rollout",
    path: `/tenants/${TENANT}/rollout`,
    then: async (page, sandbox) => {
      await sandbox.change(TENANT, { spec: { kubernetes: { version: "v1.36.4" } } });
      await sandbox.advanceUntil("a new API server serves", async () => (await sandbox.serving(TENANT)).includes("v1.36.4"));
      await expect(rolloutSentence(page)).toContainText("new API servers serve v1.36.4");
    },
  },
];

for (const { name, path, height, then } of PAGES) {
  test(`a picture of each theme and of a phone: ${name}`, async ({ page, sandbox }, testInfo) => {
    await page.setViewportSize({ width: 1280, height: height ?? 900 });
    await page.goto(path);
    await hydrated(page);
    await live(page);
    await then?.(page, sandbox);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const picture = testInfo.outputPath(`${name}-${colorScheme}.png`);
      await page.screenshot({ path: picture, animations: "disabled" });
      expect((await stat(picture)).size, `${name}-${colorScheme}.png`).toBeLessThan(LARGEST);
      if (process.env["UPDATE_PICTURES"] === "1") {
        await mkdir(PICTURES, { recursive: true });
        await copyFile(picture, `${PICTURES}/${name}-${colorScheme}.png`);
      }
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.screenshot({ path: testInfo.outputPath(`${name}-whole.png`), fullPage: true, animations: "disabled" });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.screenshot({ path: testInfo.outputPath(`${name}-narrow.png`), fullPage: true, animations: "disabled" });
  });
}
