import type { Locator, Page } from "@playwright/test";

import { live } from "../tests/fixtures.js";
import { chooseStrategy, rolloutSentence, startButton } from "../tests/pages.js";
import { NAMESPACE, type Cluster } from "./cluster.js";
import { expect, type Open } from "./fixtures.js";

/** How a patch is started: by Blue/Green unless said otherwise, and although this blocks it. */
interface How {
  strategy?: string;
  despite?: RegExp;
}

/** Starts a patch on the start page, and follows it. */
export async function start(page: Page, open: Open, name: string, version: string, { strategy = "100%/0", despite }: How = {}): Promise<void> {
  await open(`/tenants/${NAMESPACE}/${name}/start?version=${version}`);
  await chooseStrategy(page, strategy);
  if (despite !== undefined) {
    // What the console foresees is what the real scheduler and the real quota then do.
    await expect(page.getByRole("region", { name: "What the management cluster says to it" })).toContainText(despite);
    await page.getByLabel("Why start it although this is blocked").fill("to see it get stuck");
  }
  await startButton(page).click();
  await expect(page).toHaveURL(`/tenants/${NAMESPACE}/${name}/rollout`);
  await live(page);
}

/** Waits until a hop is finished, and expects that the page which followed it says so by itself. */
export async function finishes(page: Page, cluster: Cluster, name: string, version: string, stuck: Locator): Promise<void> {
  await cluster.until("the hop is finished", () => cluster.finished(name, version), 150_000);
  await expect(page).toHaveURL(`/tenants/${NAMESPACE}/${name}/rollout`);
  await expect(rolloutSentence(page)).toHaveText(`${version} is installed and serves, and no older pod is left.`);
  await expect(stuck).toHaveCount(0);
}
